import BytePath
import DebianImport
import PackageModel
import TestSupport
import Testing

@Suite struct DebianImportMetadataTests {
    @Test func scalarsAndLicenses() throws {
        try DebianFixture.run { fixture in
            try fixture.deb(
                "meta", version: "2:1.0~rc1-3",
                fields: "Source: origin (1.0)\nHomepage: https://example.org/",
                script: """
                    mkdir -p usr/share/doc/meta
                    printf 'Format: https://www.debian.org/doc/\\n\\nFiles: *\\nLicense: GPL-2+ or MIT\\n Text\\n\\n' \
                        > usr/share/doc/meta/copyright
                    printf 'License: Apache-2.0\\n Text\\n\\nLicense: GPL-2+ or MIT\\n' >> usr/share/doc/meta/copyright
                    """)
            try fixture.deb("bare", architecture: "all")
            let report = try fixture.convert()
            let meta = try fixture.stone("meta", in: report).metadata
            #expect(meta.version == "2:1.0~rc1-3")
            #expect(report.packages.last?.stone == "meta-2=1.0_rc1-3-1-1-x86_64.stone")
            #expect(meta.release == 1 && meta.buildRelease == 1)
            #expect(meta.architecture == "x86_64")
            #expect(meta.summary == "short text of meta")
            #expect(meta.description == "First line.\n\n  Indented line.")
            #expect(meta.homepage == "https://example.org/")
            #expect(meta.sourceID == "origin")
            #expect(meta.licenses == ["Apache-2.0", "GPL-2+ or MIT"])
            let bare = try fixture.stone("bare", in: report).metadata
            #expect(bare.architecture == "x86_64")
            #expect(bare.licenses == ["unknown"])
            #expect(bare.sourceID == "bare")
        }
    }

    @Test func dependenciesTakeTheFirstThatExists() throws {
        try DebianFixture.run { fixture in
            try fixture.deb(
                "app",
                fields: """
                    Pre-Depends: base (>= 1)
                    Depends: absent | second:any (>= 2) | first, virt | first, nowhere | nothing (= 1), own, app
                    Provides: own
                    """)
            for name in ["base", "first", "second"] { try fixture.deb(name) }
            try fixture.deb("z-provider", fields: "Provides: virt (= 3)")
            try fixture.deb("a-provider", fields: "Provides: virt, other")
            let report = try fixture.convert()
            let app = try fixture.stone("app", in: report)
            #expect(app.text(\.dependencies) == ["a-provider", "base", "second"])
            #expect(fixture.dropped(.dependency, "app", in: report) == ["nowhere | nothing (= 1)"])
            #expect(fixture.dropped(.virtualName, "a-provider", in: report) == ["virt", "other"])
            #expect(try fixture.stone("a-provider", in: report).text(\.providers) == [])
        }
    }

    @Test func conflictsAreNamesOfOthers() throws {
        try DebianFixture.run { fixture in
            let virtual = "Provides: mta\nConflicts: mta\nReplaces: mta"
            try fixture.deb("exim", fields: virtual, script: "mkdir -p usr/sbin; printf e > usr/sbin/sendmail")
            try fixture.deb("postfix", fields: virtual, script: "mkdir -p usr/sbin; printf p > usr/sbin/sendmail")
            try fixture.deb("other", fields: "Conflicts: exim, absent, postfix (<< 2)\nBreaks: old (<< 3)")
            let report = try fixture.convert()
            #expect(try fixture.stone("exim", in: report).text(\.conflicts) == ["postfix"])
            #expect(try fixture.stone("postfix", in: report).text(\.conflicts) == ["exim"])
            #expect(try fixture.stone("other", in: report).text(\.conflicts) == ["exim"])
            #expect(
                fixture.dropped(.conflict, "other", in: report) == [
                    "Conflicts: postfix (<< 2)", "Breaks: old (<< 3)",
                ])
            // Both keep the path: they are never installed together.
            for name in ["exim", "postfix"] {
                #expect(try fixture.stone(name, in: report).layout["sbin/sendmail"] != nil)
                #expect(fixture.dropped(.fileConflict, name, in: report) == [])
            }
        }
    }

    @Test func providersByPathAndContent() throws {
        try DebianFixture.run { fixture in
            try fixture.deb(
                "provider",
                script: """
                    lib=usr/lib/x86_64-linux-gnu
                    mkdir -p bin sbin usr/bin usr/bin/sub $lib/pkgconfig usr/lib32/pkgconfig $lib/cmake/Foo $lib/plugins
                    : > bin/tool; ln -s tool usr/bin/link; : > usr/bin/sub/no; : > sbin/admin
                    : > $lib/pkgconfig/foo-1.pc; : > usr/lib32/pkgconfig/foo32.pc
                    : > $lib/cmake/Foo/FooConfig.cmake; : > $lib/cmake/Foo/bar-config.cmake
                    cp -L /lib/x86_64-linux-gnu/libdl.so.2 $lib/libdl.so.2
                    cp -L /lib/x86_64-linux-gnu/libdl.so.2 $lib/plugins/plug.so
                    d=usr/lib/python3/dist-packages
                    mkdir -p $d/A_b.C-1.0.dist-info
                    printf 'Metadata-Version: 2.1\\nName: A_b..C\\n\\nName: body\\n' > $d/A_b.C-1.0.dist-info/METADATA
                    printf 'Name: Egg\\n' > $d/egg-1.egg-info
                    """)
            let report = try fixture.convert()
            #expect(
                try fixture.stone("provider", in: report).text(\.providers) == [
                    "binary(link)", "binary(tool)", "cmake(Foo)", "cmake(bar)", "pkgconfig(foo-1)",
                    "pkgconfig32(foo32)", "python(a-b-c)", "python(egg)", "soname(libdl.so.2(x86_64))",
                    "sysbinary(admin)",
                ])
            // libdl needs libc, which nothing in the set provides.
            #expect(fixture.dropped(.library, "provider", in: report) == ["soname(libc.so.6(x86_64))"])
        }
    }

    @Test func programsDependOnLibrariesAndLoaderOfTheSet() throws {
        try DebianFixture.run { fixture in
            try fixture.deb("program", script: "mkdir -p usr/bin; cp /bin/true usr/bin/mytrue")
            try fixture.deb(
                "libc",
                script: """
                    mkdir -p lib/x86_64-linux-gnu lib64
                    cp -L /lib/x86_64-linux-gnu/libc.so.6 lib/x86_64-linux-gnu/libc.so.6
                    cp -L /lib64/ld-linux-x86-64.so.2 lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
                    ln -s /lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 lib64/ld-linux-x86-64.so.2
                    """)
            let report = try fixture.convert()
            #expect(
                try fixture.stone("program", in: report).text(\.dependencies) == [
                    "interpreter(/lib64/ld-linux-x86-64.so.2(x86_64))", "soname(libc.so.6(x86_64))",
                ])
            let libc = try fixture.stone("libc", in: report)
            let loaders = ["/lib/", "/lib64/", "/usr/lib/x86_64-linux-gnu/", "/usr/lib64/"]
                .map { "interpreter(\($0)ld-linux-x86-64.so.2(x86_64))" }
            #expect(libc.text(\.providers).filter { $0.hasPrefix("interpreter(") } == loaders)
            #expect(
                libc.layout["lib/ld-linux-x86-64.so.2"]?.kind
                    == .symlink("/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"))
        }
    }

    @Test func foreignArchitecturesGetTheirOwnNames() throws {
        try DebianFixture.run { fixture in
            try fixture.deb("lib", file: "lib-amd64")
            try fixture.deb("lib", architecture: "i386", file: "lib-i386")
            try fixture.deb("app", architecture: "i386", fields: "Depends: lib")
            try fixture.deb("app2", fields: "Depends: lib")
            try fixture.deb("app3")
            let report = try fixture.convert()
            #expect(report.packages.map(\.name) == ["app", "app2", "app3", "lib", "lib-i686"])
            #expect(try fixture.stone("app", in: report).text(\.dependencies) == ["lib-i686"])
            #expect(try fixture.stone("app2", in: report).text(\.dependencies) == ["lib"])
            #expect(try fixture.stone("lib-i686", in: report).metadata.architecture == "i686")
        }
    }
}
