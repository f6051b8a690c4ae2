import BytePath
import DebianImport
import PackageModel
import TestSupport
import Testing

@Suite struct DebianImportSetTests {
    @Test func contestedPathsGoToOnePackage() throws {
        try DebianFixture.run { fixture in
            try fixture.deb(
                "a-old",
                script: "mkdir -p usr/bin bin; printf 1 > usr/bin/tool; printf s > bin/same; printf a > bin/diff")
            try fixture.deb(
                "b-new", fields: "Replaces: a-old (<< 2)",
                script: "mkdir -p usr/bin; printf 2 > usr/bin/tool; printf s > usr/bin/same")
            try fixture.deb("c-third", script: "mkdir -p usr/bin; printf c > usr/bin/diff")
            let report = try fixture.convert()
            let old = try fixture.stone("a-old", in: report)
            let new = try fixture.stone("b-new", in: report)
            #expect(old.layout["bin/tool"] == nil)
            #expect(old.text(\.providers) == ["binary(diff)"])
            #expect(new.layout["bin/tool"]?.kind == regular("2").0)
            #expect(new.layout["bin/same"] != nil && old.layout["bin/same"] == nil)
            // Neither identical nor replaced: both keep it, and both say so.
            #expect(try old.layout["bin/diff"] != nil && fixture.stone("c-third", in: report).layout["bin/diff"] != nil)
            let text = "/usr/bin/diff is in a-old, c-third and differs; kept in all"
            #expect(fixture.dropped(.fileConflict, "c-third", in: report) == [text])
            #expect(
                fixture.dropped(.fileConflict, "a-old", in: report) == [
                    text, "/usr/bin/same is left to b-new", "/usr/bin/tool is left to b-new",
                ])
        }
    }

    @Test func identicalFilesGoToTheFirstByName() throws {
        try DebianFixture.run { fixture in
            for name in ["one", "two"] {
                try fixture.deb(
                    name, script: "mkdir -p usr/share/doc/x usr/share/empty; printf s > usr/share/doc/x/same")
            }
            let report = try fixture.convert()
            #expect(Set(try fixture.stone("one", in: report).layout.keys) == ["share/doc/x/same", "share/empty"])
            #expect(Set(try fixture.stone("two", in: report).layout.keys) == ["share/empty"])
        }
    }

    @Test func directoriesAgreeOnTheirAttributes() throws {
        try DebianFixture.run { fixture in
            try fixture.deb("one", script: "mkdir -p usr/share/d")
            try fixture.deb("two", script: "mkdir -p usr/share/d; chmod 2775 usr/share/d")
            let report = try fixture.convert()
            #expect(try fixture.stone("one", in: report).layout["share/d"]?.mode == 0o042775)
            #expect(
                fixture.dropped(.changed, "one", in: report) == [
                    "the directory /usr/share/d has mode and owner as in two"
                ])
        }
    }

    @Test func theSamePackagesGiveTheSameBytes() throws {
        try DebianFixture.run { fixture in
            for number in 0..<6 {
                try fixture.deb(
                    "p\(number)", fields: "Depends: p\((number + 1) % 6)",
                    script: """
                        mkdir -p usr/bin usr/share/p\(number)
                        for n in 1 2 3 4 5; do seq \(number) $((n * 1000)) > usr/share/p\(number)/$n; done
                        cp /bin/true usr/bin/p\(number)
                        """)
            }
            let first = try fixture.convert(jobs: 1)
            let before = try first.packages.map { try bytes($0, fixture) }
            let second = try fixture.convert(jobs: 4)
            #expect(first.packages.map(\.stone) == second.packages.map(\.stone))
            #expect(try second.packages.map { try bytes($0, fixture) } == before)
            #expect(TestFiles.names(in: fixture.stones.display) == first.packages.map(\.stone).sorted())
        }
    }

    private func bytes(_ package: ConversionReport.Package, _ fixture: DebianFixture) throws -> [UInt8] {
        try #require(TestFiles.bytes(of: fixture.stones.appending(package.stone).display))
    }

    @Test func theReportCanBeReadByPeopleAndPrograms() throws {
        try DebianFixture.run { fixture in
            try fixture.deb("one", script: "mkdir -p opt; : > opt/x")
            let report = try fixture.convert()
            for (name, start) in [("report.txt", "one 1.0-1 x86_64: 0 entries"), ("report.json", "{\n")] {
                let path = fixture.directory.appending(name)
                try report.write(to: path)
                let text = String(decoding: TestFiles.bytes(of: path.display) ?? [], as: UTF8.self)
                #expect(text.hasPrefix(start))
                #expect(text.contains("/opt/x"))
            }
        }
    }
}

@Suite struct DebianImportHostileInputTests {
    @Test func badFilesAreNamedAndTheOthersConverted() throws {
        try DebianFixture.run { fixture in
            try fixture.deb("good", script: "mkdir -p usr; : > usr/x")
            let whole = try #require(
                TestFiles.bytes(of: fixture.deb("whole", script: "mkdir usr; seq 99999 > usr/y").display))
            let bad: [(name: String, bytes: [UInt8])] = [
                ("empty", []), ("text", Array("hello".utf8)), ("magic", Array("!<arch>\n".utf8)),
                ("half", Array(whole[..<(whole.count / 2)])), ("tail", Array(whole[..<(whole.count - 3)])),
                ("head", Array(whole[..<200])),
            ]
            for (name, bytes) in bad {
                #expect(TestFiles.write(bytes, to: fixture.debs.appending("\(name).deb").display))
            }
            let report = try fixture.convert()
            #expect(report.packages.map(\.name) == ["good", "whole"])
            #expect(
                report.failures.map { BytePath($0.source).lastComponent.display }
                    == bad.map { "\($0.name).deb" }.sorted())
            #expect(report.failures.allSatisfy { !$0.message.isEmpty })
            #expect(TestFiles.names(in: fixture.stones.display)?.count == 2)
        }
    }

    @Test func pathsThatLeaveTheRootAreRefused() throws {
        try DebianFixture.run { fixture in
            let good = try fixture.deb("good", script: "mkdir usr; : > usr/x")
            for (name, transform) in [("dots", "s,^./usr/x,./usr/../../x,"), ("late", "s,^./usr/x,usr/x/..,")] {
                let script = """
                    set -e
                    umask 022  # tests in this process set their own
                    mkdir "$1"; cd "$1"; ar x "$2"; mkdir t; : > t/x
                    tar -C t -czPf data.tar.gz --transform 's,^x,./usr/x,;\(transform)' x
                    ar rc "$3" debian-binary control.tar.gz data.tar.gz
                    """
                let deb = fixture.debs.appending("\(name).deb")
                try Command("sh", ["-c", BytePath(script), "sh", fixture.directory.appending(name), good, deb])
                    .runSuccessfully()
            }
            let report = try fixture.convert()
            #expect(report.failures.map(\.code) == ["unsafePath", "unsafePath"])
            #expect(report.failures.allSatisfy { $0.message.contains("..") })
            #expect(report.packages.map(\.name) == ["good"])
        }
    }

    @Test func theSamePackageTwiceIsAFailure() throws {
        try DebianFixture.run { fixture in
            try fixture.deb("twin", version: "1", file: "a")
            try fixture.deb("twin", version: "2", file: "b")
            let report = try fixture.convert()
            #expect(report.failures.map(\.code) == ["duplicate"])
            #expect(try fixture.stone("twin", in: report).metadata.version == "1")
        }
    }

    @Test func controlFilesThatNoPackageHas() throws {
        try DebianFixture.run { fixture in
            let good = try fixture.deb("good")
            for (number, control) in ["", "Package: a/b\n", "Package: x\nVersion: 1 2\n", "Package: ..\n"].enumerated()
            {
                let script = """
                    set -e
                    umask 022  # tests in this process set their own
                    mkdir "$1"; cd "$1"; ar x "$2"; cat > control; tar -czf control.tar.gz ./control
                    ar rc "$3" debian-binary control.tar.gz data.tar.gz
                    """
                var command = Command(
                    "sh",
                    [
                        "-c", BytePath(script), "sh", fixture.directory.appending("c\(number)"), good,
                        fixture.debs.appending("bad\(number).deb"),
                    ])
                command.input = Array(control.utf8)
                try command.runSuccessfully()
            }
            let report = try fixture.convert()
            #expect(report.failures.map(\.code) == ["badControl", "badControl", "badControl", "badControl"])
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func flippedBytesNeverTrap(seed: UInt64) throws {
        try DebianFixture.run { fixture in
            let original = try #require(
                TestFiles.bytes(
                    of: fixture.deb("victim", script: "mkdir -p usr/bin; cp /bin/true usr/bin; seq 5000 > usr/n")
                        .display))
            var generator = SeededGenerator(seed: seed)
            for number in 0..<40 {
                var bytes = original
                for _ in 0...2 {
                    let place = Int.random(in: 0..<bytes.count, using: &generator)
                    bytes[place] = UInt8.random(in: 0...255, using: &generator)
                }
                #expect(TestFiles.write(bytes, to: fixture.debs.appending("flip\(number).deb").display))
            }
            let report = try fixture.convert()
            #expect(report.failures.count + report.packages.count == 41)
        }
    }
}
