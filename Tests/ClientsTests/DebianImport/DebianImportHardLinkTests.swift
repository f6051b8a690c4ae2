import BytePath
import DebianImport
import Digests
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Hard links of all that can have several names, in whatever order an archive has them.
@Suite struct DebianImportHardLinkTests {
    enum Member {
        case file(String, String)
        case symlink(String, String)
        case hardLink(String, String)
        case directory(String)
        case fifo(String)
    }

    /// An archive in the ustar format.
    private func tar(_ members: [Member]) -> [UInt8] {
        members.flatMap { member -> [UInt8] in
            switch member {
            case .file(let name, let text): header(name, "0", size: text.utf8.count) + padded(Array(text.utf8), to: 512)
            case .symlink(let name, let target): header(name, "2", target)
            case .hardLink(let name, let target): header(name, "1", target)
            case .directory(let name): header(name + "/", "5")
            case .fifo(let name): header(name, "6")
            }
        } + [UInt8](repeating: 0, count: 1024)
    }

    private func header(_ name: String, _ type: Character, _ target: String = "", size: Int = 0) -> [UInt8] {
        func octal(_ number: Int, _ width: Int) -> String {
            let digits = String(number, radix: 8)
            return String(repeating: "0", count: width - 1 - digits.count) + digits + "\0"
        }
        let mode = octal(type == "5" ? 0o755 : 0o644, 8)
        var bytes = padded(Array(name.utf8), to: 100) + Array((mode + octal(0, 8) + octal(0, 8)).utf8)
        bytes += Array((octal(size, 12) + octal(0, 12) + "        \(type)").utf8)
        bytes += padded(Array("\(target)\0".utf8), to: 100)
        bytes = padded(bytes + Array("ustar\u{0}00".utf8), to: 512)
        bytes.replaceSubrange(148..<156, with: Array((octal(bytes.reduce(0) { $0 + Int($1) }, 7) + " ").utf8))
        return bytes
    }

    private func padded(_ bytes: [UInt8], to unit: Int) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (unit - bytes.count % unit) % unit)
    }

    private func package(_ members: [Member], in fixture: DebianFixture) throws {
        let control = "Package: links\nVersion: 1\nArchitecture: all\nMaintainer: N <n@example.org>\nDescription: d\n"
        var deb = Array("!<arch>\n".utf8)
        for (name, bytes) in [
            ("debian-binary", Array("2.0\n".utf8)), ("control.tar", tar([.file("./control", control)])),
            ("data.tar", tar(members)),
        ] {
            func field(_ text: String, _ width: Int) -> String {
                text + String(repeating: " ", count: width - text.utf8.count)
            }
            let head = field(name, 16) + field("0", 12) + field("0", 6) + field("0", 6) + field("100644", 8)
            deb += Array((head + field("\(bytes.count)", 10) + "`\n").utf8) + bytes
        }
        try Descriptor.openDirectory(fixture.directory).ensureDirectory("debs")
        try Descriptor.openDirectory(fixture.debs).replaceFile("links.deb", with: deb)
    }

    private func kind(_ text: String) -> LayoutEntry.Kind { .regular(ObjectID(hashing: Array(text.utf8))) }

    @Test func filesAndSymlinksInAnyOrder() throws {
        try DebianFixture.run { fixture in
            try package(
                [
                    .hardLink("./usr/share/early", "./usr/share/l/late"),
                    .hardLink("./usr/share/earlier", "./usr/share/early"),
                    .file("./usr/share/a", "text"), .symlink("./usr/share/s", "a"),
                    .hardLink("./usr/share/s2", "./usr/share/s"), .hardLink("./usr/share/s3", "./usr/share/s2"),
                    .hardLink("./usr/share/d/s4", "usr/share/s3"), .hardLink("./usr/share/b", "./usr/share/a"),
                    .hardLink("./usr/share/c", "./usr/share/b"), .file("./lib/m", "moved"),
                    .hardLink("./usr/lib/m2", "./usr/lib/m"), .hardLink("./lib/m3", "./lib/m2"),
                    .hardLink("./bin/out", "./opt/gone"), .file("./opt/gone", "kept"),
                    .hardLink("./opt/no", "./usr/share/a"), .hardLink("./etc/s", "./usr/share/s"),
                    .fifo("./usr/lib/f"), .hardLink("./usr/lib/f2", "./usr/lib/f"),
                    .file("./usr/share/l/late", "late"),
                ], in: fixture)
            let report = try fixture.convert()
            #expect(report.failures.isEmpty)
            let layout = try fixture.stone("links", in: report).layout.mapValues(\.kind)
            #expect(
                layout == [
                    "share/a": kind("text"), "share/b": kind("text"), "share/c": kind("text"), "share/s": .symlink("a"),
                    "share/s2": .symlink("a"), "share/s3": .symlink("a"), "share/d/s4": .symlink("a"),
                    "lib/m": kind("moved"), "lib/m2": kind("moved"), "lib/m3": kind("moved"), "bin/out": kind("kept"),
                    "share/defaults/etc/s": .symlink("a"), "share/early": kind("late"), "share/earlier": kind("late"),
                    "share/l/late": kind("late"),
                ])
            #expect(fixture.dropped(.specialFile, "links", in: report) == ["/usr/lib/f", "/usr/lib/f2"])
            #expect(fixture.dropped(.path, "links", in: report) == ["/opt/gone", "/opt/no"])
        }
    }

    @Test(arguments: [
        [Member.directory("./usr/share/d"), .hardLink("./usr/share/e", "./usr/share/d")],
        [.hardLink("./usr/share/e", "./usr/share/none")], [.hardLink("./usr/share/e", "./usr/share/e")],
        [.hardLink("./usr/share/e", "./usr/share/f"), .hardLink("./usr/share/f", "./usr/share/e")],
        [.hardLink("./usr/share/e", "../../etc/passwd")],
    ])
    func linksToNothingAreRefused(members: [Member]) throws {
        try DebianFixture.run { fixture in
            try package(members, in: fixture)
            let failure = try #require(try fixture.convert().failures.first)
            #expect(failure.message.contains("hard link"), "\(failure.message)")
        }
    }
}
