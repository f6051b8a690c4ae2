import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// How many requests of the kernel a view has to answer for what programs do, so that they cannot grow unnoticed.
@Suite(.needsRoot) struct ViewCostTests {
    private static let listed = 500
    private static let large = 1 << 20

    private func mounted(_ reading: String, _ body: (ViewFixture, BytePath) throws -> Void) throws {
        try ViewFixture.run {
            try $0.publish("cost") { package in
                for number in 0..<Self.listed {
                    package.add(file: BytePath("share/list/entry-\(number)"), Array("\(number)".utf8))
                }
                for (number, name) in ["large", "other"].enumerated() {
                    package.add(
                        file: BytePath("share/\(name)"), [UInt8](repeating: UInt8(number + 1), count: Self.large))
                }
                for name in ["first", "second"] { package.add(file: BytePath("share/small/\(name)"), Array(name.utf8)) }
                package.add(link: "share/link", to: "small/first")
                package.add(file: "share/a/b/c/d", [1])
            }
        } _: { fixture in
            try fixture.moss.succeed("install", "-y", "cost")
            try fixture.mounted("1", reading: reading) { place in
                // The root's own attributes are asked for once.
                _ = try Descriptor.open(place, [.directory, .pathOnly]).status()
                try body(fixture, place)
            }
        }
    }

    private func read(_ path: BytePath) throws { _ = try Descriptor.open(path).readAll() }

    private func look(_ path: BytePath) throws { _ = try Descriptor.openDirectory("/").status(of: path) }

    // MARK: Names

    @Test(arguments: ["auto", "cached"])
    func aPathIsAskedForOnce(reading: String) throws {
        try mounted(reading) { fixture, place in
            let path = place.appending("share/a/b/c/d")
            #expect(try fixture.requests { try look(path) } == ["lookup": 5])
            #expect(try fixture.requests { try look(path) } == [:])
            #expect(try fixture.requests { _ = access(path.display, R_OK) } == [:])
            #expect(try fixture.requests { try look(path.parent) } == [:])

            let absent = place.appending("share/a/absent")
            #expect(try fixture.requests { #expect(throws: SystemError.self) { try look(absent) } } == ["lookup": 1])
            #expect(try fixture.requests { #expect(throws: SystemError.self) { try look(absent) } } == [:])

            let top = try Descriptor.openDirectory(place)
            #expect(try fixture.requests { _ = try top.readLink("share/link") } == ["lookup": 1, "readlink": 1])
            #expect(try fixture.requests { _ = try top.readLink("share/link") } == [:])
            #expect(try fixture.requests { _ = try top.fileSystemStatus() } == ["statfs": 1])
            // Writing is refused without asking.
            #expect(try fixture.requests { #expect(throws: SystemError.self) { try top.unlink("share/link") } } == [:])
        }
    }

    @Test func aDirectoryIsListedOnce() throws {
        try mounted("auto") { fixture, place in
            let directory = place.appending("share/list")
            let list = { () throws -> Void in
                let open = try Descriptor.openDirectory(directory)
                for entry in try open.entries() { _ = try open.status(of: entry.name) }
            }
            var cost = try fixture.requests(during: list)
            // 500 records of 152 bytes and a name of 7 to 9, in buffers of 32 KiB or more, and the empty one at the end.
            #expect((2...5).contains(cost["readdirplus"] ?? 0), "\(cost)")
            cost["readdirplus"] = nil
            // That directories need not be opened is said once.
            #expect(cost == ["lookup": 2, "opendir": 1])
            #expect(try fixture.requests(during: list) == [:])
            let other = try fixture.requests { _ = try Descriptor.openDirectory(place.appending("share/a")).entries() }
            #expect(other == ["lookup": 1, "readdirplus": 2])
        }
    }

    @Test func commandsThatWalkAskEachDirectoryOnce() throws {
        for words: [BytePath] in [["find", "-ls"], ["find", "-type", "f", "-size", "+1k"], ["ls", "-lR"], ["du"]] {
            try mounted("auto") { fixture, place in
                let directories = try TreeListing(of: fixture.moss.root.appending("usr")).entries.filter {
                    $0.kind == .directory
                }
                let walk = Command("env", ["-C", place] + words)
                var first = try fixture.requests { try walk.runSuccessfully() }
                // What is in it, perhaps in two parts, and that this is all.
                let listings = try #require(first["readdirplus"])
                #expect((2...(2 * directories.count + 3)).contains(listings), "\(words): \(first)")
                #expect(first["opendir"] == 1)
                #expect((first["lookup"] ?? 0) <= directories.count, "\(words): \(first)")
                for kind in ["readdirplus", "opendir", "lookup", "readlink", "statfs", "getxattr"] { first[kind] = nil }
                #expect(first == [:], "\(words)")

                var second = try fixture.requests { try walk.runSuccessfully() }
                // The size of a file system is no file's, and find wants it. Listing with ls asks for two attributes of
                // every file, whose absence the kernel does not remember.
                second["statfs"] = nil
                if words[0] == "ls" { second["getxattr"] = max(0, (second["getxattr"] ?? 0) - 2 * (Self.listed + 40)) }
                #expect(second.filter { $0.value != 0 } == [:], "\(words)")
            }
        }
    }

    @Test func readingATreeAsksForEachSmallFileOnce() throws {
        try mounted("passthrough") { fixture, place in
            let archive = Command("sh", ["-c", "tar -cf - -C \"$1\" . | wc -c", "sh", place])
            let files = try TreeListing(of: place).entries.filter { $0.kind == .regular && $0.size > 0 }
            #expect(files.count > Self.listed)
            // The listing has read everything already.
            let cost = try fixture.requests { try archive.runSuccessfully() }
            #expect(cost == ["open": files.count, "release": files.count])
        }
        try mounted("cached") { fixture, place in
            let files = try TreeListing(of: place).entries
            #expect(files.count > Self.listed)
            let archive = Command("sh", ["-c", "tar -cf - -C \"$1\" . | wc -c", "sh", place])
            #expect(try fixture.requests { try archive.runSuccessfully() } == [:])
        }
    }

    // MARK: Files

    private func expect(_ fixture: ViewFixture, _ reading: String) throws {
        let statistics = try fixture.statistics()
        #expect(statistics.hasPrefix(reading), "\(statistics)")
    }

    /// The tree of these tests is mostly of small files, which are cheaper to cache than to open.
    @Test func howFilesAreReadDependsOnTheirSize() throws {
        try mounted("auto") { fixture, _ in try expect(fixture, "reading=cached ") }
        try ViewFixture.run {
            try $0.publish("large") { $0.add(file: "share/large", [UInt8](repeating: 7, count: 1 << 20)) }
        } _: { fixture in
            try fixture.moss.succeed("install", "-y", "large")
            try fixture.mounted("1") { _ in try expect(fixture, "reading=passthrough ") }
        }
    }

    @Test func passthroughFilesAreReadByTheKernel() throws {
        try mounted("passthrough") { fixture, place in
            for name: BytePath in ["large", "other"] {
                let path = place.appending("share").appending(name)
                try look(path)
                for _ in 0..<3 { #expect(try fixture.requests { try read(path) } == ["open": 1, "release": 1]) }
            }
            let small = place.appending("share/small/first")
            try look(small)
            for _ in 0..<2 { #expect(try fixture.requests { try read(small) } == ["open": 1, "release": 1]) }
        }
    }

    @Test func cachedFilesAreOpenedWithoutAsking() throws {
        try mounted("cached") { fixture, place in
            let small = place.appending("share/small/first")
            try look(small)
            // That files need not be opened and flushed is said once.
            #expect(try fixture.requests { try read(small) } == ["open": 1, "read": 1, "flush": 1])
            #expect(try fixture.requests { try read(small) } == [:])
            for name: BytePath in ["large", "other"] {
                let path = place.appending("share").appending(name)
                try look(path)
                let cost = try fixture.requests { try read(path) }
                #expect(Array(cost.keys) == ["read"] && (1...9).contains(cost["read"] ?? 0), "\(cost)")
                #expect(try fixture.requests { try read(path) } == [:])
            }
        }
    }

    @Test(arguments: ["passthrough", "cached"])
    func mappedFilesAreReadOnce(reading: String) throws {
        try mounted(reading) { fixture, place in
            let path = place.appending("share/large")
            try look(path)
            let touch = { () throws -> Void in
                let mapping = try Descriptor.open(path).map(byteCount: Self.large)
                var sum = 0
                for offset in stride(from: 0, to: Self.large, by: 4096) { sum += Int(mapping.bytes[offset]) }
                #expect(sum > 0)
            }
            var cost = try fixture.requests(during: touch)
            if reading == "cached" {
                #expect((1...9).contains(cost["read"] ?? 0), "\(cost)")
                cost["read"] = nil
                #expect(cost == ["open": 1, "flush": 1])
                #expect(try fixture.requests(during: touch) == [:])
            } else {
                #expect(cost == ["open": 1, "release": 1])
                #expect(try fixture.requests(during: touch) == ["open": 1, "release": 1])
            }
        }
    }
}
