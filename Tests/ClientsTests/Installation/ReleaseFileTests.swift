import BytePath
import Installation
import LinuxSystem
import PackageModel
import States
import TestSupport
import Testing

/// `lib/os-release`, made of what a package says: a shell may read it, whatever that is.
@Suite("os-release of hostile packages")
struct ReleaseFileTests {
    private func package(_ shape: (inout SamplePackage) -> Void) -> SamplePackage {
        var package = SamplePackage(name: "system")
        package.add(file: "share/system", Array("x".utf8))
        shape(&package)
        return package
    }

    private func described(_ identity: String) -> SamplePackage {
        package { $0.add(file: "lib/os-info.json", Array("{\"metadata\":{\"identity\":\(identity)}}".utf8)) }
    }

    @Test(
        "values stand on one line, and a shell takes each for the text it is",
        arguments: [
            #""x\"; touch pwned; echo \"""#, #""`touch pwned`""#, #""$(touch pwned)""#, #""x\\""#, #""a\nEVIL=1""#,
            #""a\r\nEVIL=1""#, #""a\rEVIL=1""#, #""x\"\u0301; touch pwned; echo \"\u0301""#,
            #""`\u0301touch pwned`\u0301""#, #""$\u0301(touch pwned)""#, #""\\\u0301\"; touch pwned; \"""#,
            #""\u0000\u001b[31m\u007f\u0085\u2028EVIL=1""#, #""é日本""#,
        ])
    func values(name: String) throws {
        try withInstallationScratch { scratch in
            let package = described("{\"name\":\(name),\"id\":\(name),\"display\":\(name)}")
            try scratch.publish(package)
            try scratch.apply(.install(["system"]))
            let path = scratch.root.appending("usr/lib/os-release")
            let text = String(decoding: try Descriptor.open(path).readAll(), as: UTF8.self)
            #expect(text.utf8.allSatisfy { $0 == 10 || $0 >= 0x20 && $0 != 0x7f }, "\(text)")
            let lines = text.utf8.split(separator: 10)
            #expect(lines.count == 3)
            for line in lines {
                let equals = try #require(line.firstIndex(of: UInt8(ascii: "=")))
                #expect(line[..<equals].allSatisfy { (65...90).contains($0) || $0 == 95 })
                #expect(line[equals...].starts(with: "=\"".utf8) && line.last == UInt8(ascii: "\""))
            }
            var shell = Command("/bin/sh", ["-c", ". \"$1\"; printf %s \"$NAME$EVIL\" | wc -l; ls", "sh", path])
            shell.directory = scratch.stones
            let output = try shell.runSuccessfully().outputText
            #expect(!output.contains("pwned"))
            #expect(output.hasPrefix("0\n"))
        }
    }

    private static let bad: [(String, @Sendable (inout SamplePackage) -> Void)] = [
        ("not UTF-8", { $0.add(file: "lib/os-info.json", [0xff, 0xfe, 0]) }),
        ("deep", { $0.add(file: "lib/os-info.json", [UInt8](repeating: UInt8(ascii: "["), count: 200_000)) }),
        ("large", { $0.add(file: "lib/os-info.json", [UInt8](repeating: UInt8(ascii: " "), count: 2 << 20)) }),
        ("empty", { $0.add(file: "lib/os-info.json", []) }),
        ("a directory", { $0.add(file: "lib/os-info.json/x", [1]) }),
        ("a link to itself", { $0.add(link: "lib/os-info.json", to: "os-info.json") }),
        ("a link", { $0.add(link: "lib/os-info.json", to: "/etc/passwd") }),
        ("os-release a directory", { $0.add(file: "lib/os-release/x", [1]) }),
        ("os-release a link", { $0.add(link: "lib/os-release", to: "../share/system") }),
        ("lib a link", { $0.add(link: "lib", to: "share") }), ("lib a file", { $0.add(file: "lib", [1]) }),
    ]

    @Test("no such file keeps its package from being installed, undone and removed", arguments: bad.indices)
    func removable(row: Int) throws {
        try withInstallationScratch { scratch in
            let (what, shape) = Self.bad[row]
            try scratch.publish(package(shape))
            try scratch.publish(sample("other", files: ["share/other"]))
            try scratch.apply(.install(["other"]))
            try scratch.apply(.install(["system"]))
            try scratch.apply(.undo)
            try scratch.apply(.redo)
            let state = try scratch.apply(.remove(["system"], keepsOrphans: false))
            #expect(state.selections.count == 1, "\(what)")
            #expect(try Descriptor.open(scratch.root.appending("usr/share/other")).readAll().isEmpty == false)
        }
    }
}
