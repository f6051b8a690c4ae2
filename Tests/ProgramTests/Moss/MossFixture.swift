import BytePath
import Foundation
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// A scratch directory with a root and a collection, and the built moss to run on them.
struct MossFixture {
    let scratch: BytePath
    /// Not made yet.
    var root: BytePath { scratch.appending("root") }
    /// A directory of stones.
    var stones: BytePath { scratch.appending("stones") }

    static func run(inMemory: Bool = false, _ body: (MossFixture) throws -> Void) throws {
        try withScratchDirectory(inMemory: inMemory) { scratch in
            try Descriptor.openDirectory(scratch).makeDirectory("stones")
            try body(MossFixture(scratch: scratch))
        }
    }

    // MARK: Packages

    /// Puts a package into the collection: `bin/NAME` with its version, and what else `shape` adds.
    func publish(
        _ name: String, _ version: String = "1.0", release: UInt64 = 1, needs: [Capability] = [],
        conflicts: [Capability] = [], _ shape: (inout SamplePackage) -> Void = { _ in }
    ) throws {
        var package = SamplePackage(name: name, version: version, release: release)
        package.metadata.summary = "The \(name) of the tests"
        package.metadata.dependencies = needs
        package.metadata.conflicts = conflicts
        package.add(file: BytePath("bin/\(name)"), Array("\(name) \(version)-\(release)\n".utf8), mode: 0o755)
        shape(&package)
        let path = stones.appending(package.metadata.stoneFileName)
        try Descriptor.open(path, [.write, .create, .truncate]).write(try package.stone())
    }

    // MARK: Running

    /// The command on the root, without `-y`, with everything in the background switched off.
    func command(_ arguments: [BytePath]) throws -> Command {
        var command = try BuiltProduct.moss.command(["-D", root] + arguments)
        command.environment = ["MOSS_BACKGROUND": "off", "PATH": "/usr/bin:/bin", "TZ": "UTC"]
        command.directory = scratch
        return command
    }

    func moss(_ arguments: BytePath...) throws -> CommandResult {
        try command(arguments).run()
    }

    /// Runs a command that has to succeed and returns what it printed.
    @discardableResult
    func succeed(
        _ arguments: BytePath..., hasPrefix prefix: String = "", hasSuffix suffix: String = "",
        contains part: String = ""
    ) throws -> String {
        let text = try command(arguments).runSuccessfully().outputText
        #expect(text.hasPrefix(prefix) && text.hasSuffix(suffix) && (part.isEmpty || text.contains(part)), "\(text)")
        return text
    }

    /// Runs a command that has to fail with this code and, as it does for people, say why on standard error only.
    @discardableResult
    func fail(_ exit: Int32, saying words: String = "", _ arguments: BytePath...) throws -> String {
        let result = try command(arguments).run()
        #expect(result.end == .exited(exit), "\(arguments): \(result.outputText)\(result.errorText)")
        #expect(result.errorText.hasPrefix("moss: "), "\(result.errorText)")
        #expect(words.isEmpty || result.errorText.contains(words), "\(result.errorText)")
        return result.errorText
    }

    /// Runs a command with `--json`, checks the envelope and returns its data, or its error.
    @discardableResult
    func json(_ name: String, _ arguments: BytePath..., exit: Int32 = 0) throws -> [String: Any] {
        let result = try command(arguments + ["--json"]).run()
        #expect(result.end == .exited(exit), "\(arguments): \(result.outputText)\(result.errorText)")
        #expect(result.errorText == "", "\(arguments)")
        let object = try JSONSerialization.jsonObject(with: Data(result.output))
        let document = try #require(object as? [String: Any], "\(result.outputText)")
        #expect(document["schema"] as? String == "moss/1")
        #expect(document["command"] as? String == name)
        let content = document[exit == 0 ? "data" : "error"] ?? document["data"]
        return try #require(content as? [String: Any], "\(result.outputText)")
    }

    /// Makes the root, with the collection.
    func prepare() throws {
        try succeed("init")
        try succeed("repo", "add", "tests", stones)
    }

    func text(of path: BytePath) throws -> String {
        String(decoding: try Descriptor.openDirectory(root).readFile(path), as: UTF8.self)
    }

    func exists(_ path: BytePath) throws -> Bool {
        try Descriptor.openDirectory(root).statusIfPresent(of: path) != nil
    }
}
