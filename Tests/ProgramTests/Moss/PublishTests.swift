import BytePath
import Digests
import Foundation
import LinuxSystem
import PackageModel
import StoneFormat
import TestSupport
import Testing

/// `moss index --publish`, and what is found in collections that have an index of their files.
struct PublishTests {
    private func publish(_ fixture: MossFixture, _ tracing: [BytePath]? = nil) throws -> CommandResult {
        let arguments: [BytePath] = ["index", fixture.stones, "--publish", fixture.scratch.appending("out")]
        guard let tracing else { return try fixture.command(arguments).run() }
        var command = try BuiltProduct.callTracer.command(tracing + ["--", BuiltProduct.moss.path] + arguments)
        command.environment = ["PATH": "/usr/bin:/bin"]
        return try command.run()
    }

    /// Counts the calls that change files.
    private func changes(_ fixture: MossFixture) throws -> Int {
        let counts = fixture.scratch.appending("counts")
        #expect(try publish(fixture, ["count", "-o", counts]).end == .exited(0))
        let lines = String(decoding: try Descriptor.open(counts).readAll(), as: UTF8.self).split(separator: "\n")
        let pairs = lines.map { line in
            let words = line.split(separator: " ")
            return (String(words[0]), Int(words[1]) ?? 0)
        }
        return MutatingCalls.total(Dictionary(uniqueKeysWithValues: pairs))
    }

    /// Releases of what the pointer names, which all is there as it says.
    private func published(_ fixture: MossFixture) throws -> [String: UInt64] {
        let output = fixture.scratch.appending("out")
        let packages = try StoneIndex.decode(Descriptor.openDirectory(output).readFile("stone.index"))
        for package in packages {
            let path = output.appending(try #require(package.uri))
            let hash = try Descriptor.open(path).readAll().withUnsafeBytes { PackageID(hashing: $0) }
            #expect(hash == package.hash, "\(path)")
        }
        return Dictionary(uniqueKeysWithValues: packages.map { ($0.name, $0.release) })
    }

    @Test func nothingNewChangesNoFile() throws {
        try MossFixture.run { fixture in
            try fixture.publish("a")
            try fixture.publish("b")
            #expect(try changes(fixture) > 10)
            // The stones are told from what they may become by now, which is written down once.
            Thread.sleep(forTimeInterval: 2.1)
            _ = try publish(fixture)
            // The report on standard output is all that is written.
            #expect(try changes(fixture) == 1)
            let result = try publish(fixture)
            #expect(result.outputText.hasSuffix("2 packages, read 0 of 2 stones\nnothing new to publish\n"))
        }
    }

    /// Killed at calls spread over all that change files: the old collection is there or the new one, whole, and the next
    /// run ends as if nothing had been.
    @Test func killed() throws { try kill(pointCount: 14) }
    @Test(.long) func killedEverywhere() throws { try kill(pointCount: nil) }

    private func kill(pointCount: Int?) throws {
        try MossFixture.run(inMemory: true) { base in
            try base.publish("a")
            try base.publish("b")
            #expect(try publish(base).end == .exited(0))
            try base.publish("a", release: 2)
            try base.publish("c")
            let total = try withCopy(of: base) { try changes($0) }
            let whole = try withCopy(of: base) { copy in
                _ = try publish(copy)
                return try listing(copy)
            }
            let count = pointCount ?? total
            let points = Set((0..<count).map { 1 + $0 * (total - 1) / max(1, count - 1) })
            var tally = (old: 0, new: 0)
            for point in points.sorted() {
                try withCopy(of: base) { copy in
                    let end = try publish(copy, ["kill", "--mutating", BytePath("\(point)")]).end
                    #expect(end == .exited(90) || end == .exited(0), "call \(point): \(end)")
                    let found = try published(copy)
                    if found == ["a": 1, "b": 1] { tally.old += 1 } else { tally.new += 1 }
                    #expect(found == ["a": 1, "b": 1] || found == ["a": 2, "b": 1, "c": 1], "call \(point): \(found)")
                    #expect(try publish(copy).end == .exited(0))
                    _ = try published(copy)
                    #expect(try listing(copy) == whole, "call \(point)")
                }
            }
            print("killed at \(tally.old + tally.new) of \(total) calls: \(tally.old) old, \(tally.new) new")
            #expect(tally.old > 0 && tally.new > 0)
        }
    }

    private func withCopy<R>(of base: MossFixture, _ body: (MossFixture) throws -> R) throws -> R {
        try withScratchDirectory(inMemory: true) { scratch in
            for name in ["stones", "out"] as [BytePath] {
                try Command("cp", ["-a", base.scratch.appending(name), scratch.appending(name)]).runSuccessfully()
            }
            return try body(MossFixture(scratch: scratch))
        }
    }

    /// Names of all that is published, but for the publisher's own.
    private func listing(_ fixture: MossFixture) throws -> [String] {
        try TreeListing(of: fixture.scratch.appending("out")).entries.map(\.path.display)
            .filter { !$0.hasPrefix(".moss-") }
    }

    @Test func whatIsPublishedIsFound() throws {
        try MossFixture.run { fixture in
            try fixture.publish("editor") { $0.metadata.providers = [Capability(.binary, "editor")] }
            try fixture.publish("library") { $0.add(file: "lib/liblibrary.so.1", [1]) }
            let data = try fixture.json("index", "index", "stones", "--publish", "out")
            let publication = try #require(data["publication"] as? [String: Any])
            #expect(publication["copied_count"] as? Int == 2 && (publication["deltas"] as? [Any])?.isEmpty == true)
            let index = try #require(publication["index"] as? [String: Any])
            #expect((index["path"] as? String)?.hasPrefix("by-hash/") == true && (index["size"] as? Int ?? 0) > 0)
            try fixture.succeed("init")
            try fixture.succeed("repo", "add", "tests", fixture.scratch.appending("out"))
            #expect(
                try fixture.succeed("search", "--file", "/usr/lib/*.so.?")
                    == "/usr/lib/liblibrary.so.1  library  tests\n")
            #expect(try fixture.succeed("search", "--file", "bin/").split(separator: "\n").count == 2)
            #expect((try fixture.json("search", "search", "--file", "bin/")["files"] as? [Any])?.count == 2)
            try fixture.succeed("install", "-y", "editor")
            for what in ["/usr/bin/editor", "binary(editor)", "editor"] as [BytePath] {
                #expect(try fixture.succeed("provides", what) == "*  editor  1.0-1  The editor of the tests\n")
            }
            #expect(
                try fixture.succeed("provides", "/usr/lib/liblibrary.so.1", contains: "library  1.0-1").hasPrefix(" "))
            #expect((try fixture.json("provides", "provides", "library")["packages"] as? [Any])?.count == 1)
            try fixture.fail(3, saying: "provides this", "provides", "/usr/bin/nothing")
            try fixture.fail(3, saying: "provides this", "provides", "binary(nothing)")
            #expect(try fixture.succeed("search", "TESTS", "lib") == "   library  1.0-1  The library of the tests\n")
        }
    }

    @Test func collectionsWithoutFilesAreNamedOnce() throws {
        try MossFixture.run { fixture in
            try fixture.publish("editor")
            try fixture.prepare()
            let result = try fixture.moss("search", "--file", "bin")
            #expect(result.end == .exited(0) && result.outputText == "")
            #expect(result.errorText.split(separator: "\n").count == 1)
            #expect(result.errorText.contains("tests has no index of its files"))
            #expect(try fixture.json("search", "search", "--file", "bin")["files"] as? [String] == [])
        }
    }

    @Test func optionsThatContradictEachOther() throws {
        try MossFixture.run { fixture in
            try fixture.publish("editor")
            let lines: [[BytePath]] = [
                ["search"], ["search", "word", "--file", "x"], ["index", "stones", "--publish", "out", "-o", "."],
                ["index", "stones", "--publish", "out", "--grace", "36501"],
            ]
            for line in lines { #expect(try fixture.command(line).run().end == .exited(2), "\(line)") }
            #expect(try Descriptor.openDirectory(fixture.scratch).entries().map(\.name) == ["stones"])
        }
    }
}
