import BytePath
import Foundation
import LinuxSystem
import TestSupport
import Testing

/// A root with packages, a directory to show it at, and what tests ask of the view there.
struct ViewFixture {
    let moss: MossFixture
    var place: BytePath { moss.scratch.appending("view") }

    /// Makes the root and the directory; whatever is mounted there afterwards is taken away.
    static func run(
        inMemory: Bool = true, publishing publish: (MossFixture) throws -> Void = { _ in },
        _ body: (ViewFixture) throws -> Void
    ) throws {
        try MossFixture.run(inMemory: inMemory) { moss in
            try publish(moss)
            try moss.prepare()
            let fixture = ViewFixture(moss: moss)
            try Descriptor.openDirectory(moss.scratch).makeDirectory("view")
            defer { fixture.clearAway() }
            try body(fixture)
        }
    }

    private func clearAway() {
        while (try? MountTable.read().contains { $0.path == place }) == true {
            guard (try? MountTable.unmount(place, lazily: true)) != nil else { return }
        }
    }

    // MARK: Mounting

    /// Mounts what `subject` says, `3` or `--candidate 'remove x'`, for the length of `body`.
    func mounted(_ subject: BytePath..., reading: String = "auto", _ body: (BytePath) throws -> Void) throws {
        try mount(subject, reading: reading)
        try body(place)
        try moss.succeed("umount", place)
    }

    func mount(_ subject: [BytePath], reading: String = "auto") throws {
        _ = try moss.command(["mount", "--reading", BytePath(reading)] + subject + [place]).runSuccessfully()
    }

    var isMounted: Bool {
        get throws { try MountTable.read().contains { $0.path == place } }
    }

    /// The process that serves the view.
    func process() throws -> Int32 {
        let views = try #require(try moss.json("mount", "mount", "--list")["views"] as? [[String: Any]])
        return Int32(try #require(views.first?["process"] as? Int))
    }

    var leases: Int {
        get throws { try Descriptor.openDirectory(moss.root).openDirectory(".moss/leases").entries().count }
    }

    // MARK: Requests

    /// What the view says of itself.
    func statistics() throws -> String {
        let line = try #require(try Descriptor.attribute("user.moss.statistics", of: place))
        return String(decoding: line, as: UTF8.self)
    }

    /// What the view has been asked so far, by kind.
    func requests() throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for word in try statistics().split(separator: " ") {
            let parts = word.split(separator: "=")
            if parts.count == 2, let count = Int(parts[1]) { counts[String(parts[0])] = count }
        }
        return counts
    }

    /// The requests that `work` causes, by kind, without those about names that the kernel drops whenever it likes.
    func requests(during work: () throws -> Void) throws -> [String: Int] {
        let before = try requests()
        try work()
        // What a program's end sends needs no answer, and may be counted a moment later.
        pause(milliseconds: 20)
        var caused = try requests().merging(before) { $0 - $1 }
        caused["getxattr", default: 0] -= 1
        for kind in ["forget", "batchforget", "backings", "returned", "failures"] { caused[kind] = nil }
        return caused.filter { $0.value != 0 }
    }
}
