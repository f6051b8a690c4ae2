import BytePath
import DebianImport
import Digests
import PackageModel
import TestSupport
import Testing

@Suite struct DebianImportLayoutTests {
    @Test func everyPlaceGoesBelowUsr() throws {
        try DebianFixture.run { fixture in
            try fixture.deb(
                "places",
                script: """
                    for file in bin/a sbin/b lib/c lib32/d libx32/e lib64/f usr/lib64/g usr/share/h etc/i var/lib/j \
                        boot/k opt/l srv/m home/n root/o run/p; do
                        mkdir -p $(dirname $file); printf $file > $file
                    done
                    """)
            let report = try fixture.convert()
            let stone = try fixture.stone("places", in: report)
            let wanted = [
                "bin/a": "bin/a", "sbin/b": "sbin/b", "lib/c": "lib/c", "lib32/d": "lib32/d", "libx32/e": "libx32/e",
                "lib/f": "lib64/f", "lib/g": "usr/lib64/g", "share/h": "usr/share/h",
                "share/defaults/etc/i": "etc/i", "share/factory/var/lib/j": "var/lib/j", "lib/kernel/boot/k": "boot/k",
            ]
            #expect(Set(stone.layout.keys.map(\.display)) == Set(wanted.keys))
            for (path, content) in wanted {
                #expect(stone.layout[BytePath(path)]?.kind == regular(content).0, "\(path)")
            }
            let gone = fixture.dropped(.path, "places", in: report)
            #expect(
                gone.filter { $0.dropFirst().contains("/") } == ["/home/n", "/opt/l", "/root/o", "/run/p", "/srv/m"])
        }
    }

    @Test func linksKeepTheirMeaning() throws {
        // Where the link is, its text, and the text it has in the stone.
        let links: [(path: String, target: String, place: BytePath, text: BytePath)] = [
            ("usr/bin/near", "other", "bin/near", "other"),
            ("usr/lib/up", "../share/x", "lib/up", "../share/x"),
            ("lib/triplet/deep", "../../usr/share/x", "lib/triplet/deep", "../../share/x"),
            ("lib/triplet/same", "../c", "lib/triplet/same", "../c"),
            ("bin/toroot", "../lib/c", "bin/toroot", "../lib/c"),
            ("usr/bin/throughroot", "../../bin/x", "bin/throughroot", "../../bin/x"),
            ("lib64/loader.so", "/lib/triplet/loader.so", "lib/loader.so", "/lib/triplet/loader.so"),
            ("lib64/near.so", "../lib/triplet/near.so", "lib/near.so", "../lib/triplet/near.so"),
            ("usr/bin/alt", "/etc/alternatives/alt", "bin/alt", "/etc/alternatives/alt"),
            ("usr/share/conf", "../../etc/conf", "share/conf", "../../etc/conf"),
            ("lib/conf", "../etc/conf", "lib/conf", "/etc/conf"),
            ("etc/rc/link", "../init.d/x", "share/defaults/etc/rc/link", "../init.d/x"),
            ("etc/mtab", "../proc/self/mounts", "share/defaults/etc/mtab", "/proc/self/mounts"),
            ("etc/tousr", "../usr/share/x", "share/defaults/etc/tousr", "/usr/share/x"),
            ("var/lock", "../run/lock", "share/factory/var/lock", "/run/lock"),
            ("boot/new", "vmlinuz", "lib/kernel/boot/new", "vmlinuz"),
            ("lib/self", ".", "lib/self", "."),
        ]
        try DebianFixture.run { fixture in
            let lines = links.map { "mkdir -p $(dirname \($0.path)); ln -s \($0.target) \($0.path)" }
            try fixture.deb("links", script: lines.joined(separator: "\n"))
            let report = try fixture.convert()
            let stone = try fixture.stone("links", in: report)
            for link in links {
                #expect(stone.layout[link.place]?.kind == .symlink(link.text), "\(link.path) -> \(link.target)")
            }
            #expect(stone.layout.count == links.count)
        }
    }

    @Test func modesOwnersHardLinksAndDirectories() throws {
        try DebianFixture.run { fixture in
            try fixture.deb(
                "modes",
                script: """
                    mkdir -p usr/bin usr/share/empty usr/share/private usr/share/plain var/mail
                    printf one > usr/bin/one; chmod 4755 usr/bin/one; ln usr/bin/one usr/bin/two
                    : > usr/share/plain/nothing
                    printf x > usr/share/private/x
                    chmod 0700 usr/share/private; chmod 2775 var/mail
                    """)
            let stone = try fixture.stone("modes", in: try fixture.convert())
            #expect(stone.layout["bin/one"]?.mode == 0o104755)
            #expect(stone.layout["bin/two"]?.kind == stone.layout["bin/one"]?.kind)
            #expect(stone.layout["bin/two"]?.mode == 0o104755)
            #expect(stone.layout["share/plain/nothing"]?.kind == .regular(.ofNothing))
            let directories = stone.layout.values.filter { $0.kind == .directory }
            #expect(
                Set(directories.map { "\($0.path.display) \(String($0.mode, radix: 8))" }) == [
                    "share/empty 40755", "share/private 40700", "share/factory/var/mail 42775",
                ])
        }
    }

    @Test func specialFilesAndScriptsAreListed() throws {
        try DebianFixture.run { fixture in
            try fixture.deb(
                "special",
                script: """
                    mkdir -p usr/lib/x etc; mkfifo usr/lib/x/fifo; printf a > etc/special.conf
                    echo /etc/special.conf > DEBIAN/conffiles
                    printf '#!/bin/sh\\n' > DEBIAN/postinst; chmod 755 DEBIAN/postinst
                    echo 'interest /usr/lib/x' > DEBIAN/triggers
                    """)
            let report = try fixture.convert()
            #expect(fixture.dropped(.specialFile, "special", in: report) == ["/usr/lib/x/fifo"])
            #expect(fixture.dropped(.controlMember, "special", in: report) == ["postinst", "triggers"])
            let stone = try fixture.stone("special", in: report)
            #expect(stone.layout["share/defaults/etc/special.conf"]?.kind == regular("a").0)
        }
    }

    @Test func mergingInsideOnePackage() throws {
        try DebianFixture.run { fixture in
            try fixture.deb(
                "merge",
                script: """
                    mkdir -p bin usr/bin lib64
                    printf real > usr/bin/which; ln -s /usr/bin/which bin/which
                    printf same > bin/same; printf same > usr/bin/same
                    ln -s /bin/gone usr/bin/loop; ln -s ../../bin/loop2 usr/bin/loop2
                    """)
            let report = try fixture.convert()
            let stone = try fixture.stone("merge", in: report)
            #expect(stone.layout["bin/which"]?.kind == regular("real").0)
            #expect(stone.layout["bin/same"]?.kind == regular("same").0)
            #expect(stone.layout["bin/loop"]?.kind == .symlink("/bin/gone"))
            #expect(stone.layout["bin/loop2"] == nil)
            #expect(fixture.dropped(.path, "merge", in: report).count == 2)
        }
    }

    @Test func filesLargerThanAnyBlockArrive() throws {
        try DebianFixture.run { fixture in
            // Two copies of one big content, and an ELF file too large to be kept in memory.
            try fixture.deb(
                "large",
                script: """
                    mkdir -p usr/lib usr/share
                    head -c 3000001 /dev/zero | tr '\\0' x > usr/share/one; cp usr/share/one usr/share/two
                    cp /bin/true usr/lib/libbig.so; head -c 6000000 /dev/zero >> usr/lib/libbig.so
                    """)
            let report = try fixture.convert()
            let stone = try fixture.stone("large", in: report)
            let content = [UInt8](repeating: UInt8(ascii: "x"), count: 3_000_001)
            #expect(stone.layout["share/one"]?.kind == .regular(ObjectID(hashing: content)))
            #expect(stone.layout["share/two"]?.kind == .regular(ObjectID(hashing: content)))
            #expect(stone.text(\.providers) == ["soname(libbig.so(x86_64))"])
            #expect(report.packages.first.map { $0.contentBytes > 9_000_000 && $0.contentBytes < 9_200_000 } == true)
        }
    }
}
