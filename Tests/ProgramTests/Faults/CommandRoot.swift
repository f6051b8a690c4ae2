import BytePath
import FoundationEssentials
import Glibc
import LinuxSystem
import PackageModel
import TestSupport

/// A root and a collection of stones beside it, driven by nothing but the built program.
struct CommandRoot: Sendable {
    /// Holds the root and `stones`.
    let path: BytePath
    private var name: BytePath = "root"
    var root: BytePath { path.appending(name) }
    var stones: BytePath { path.appending("stones") }

    struct State: Decodable, Hashable {
        var number: UInt64
        var isActive: Bool
        var summary: String
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Work in the background would come at any time; tests ask for it with `moss tidy`.
    static var environment: [String: String] {
        [
            "PATH": getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin", "MOSS_BACKGROUND": "off",
            "LC_ALL": "C",
        ]
    }

    func command(_ arguments: [BytePath]) throws -> Command {
        var command = try BuiltProduct.moss.command(["-D", root] + arguments)
        command.environment = Self.environment
        return command
    }

    func moss(_ arguments: BytePath...) throws -> CommandResult { try command(arguments).run() }

    /// Runs moss and demands that it succeeds.
    @discardableResult
    func done(_ arguments: BytePath...) throws -> String { try command(arguments).runSuccessfully().outputText }

    /// Runs moss under the call tracer.
    func traced(_ tracing: [BytePath], _ arguments: [BytePath]) throws -> CommandResult {
        var command = try BuiltProduct.callTracer.command(
            tracing + ["--", BuiltProduct.moss.path, "-D", root] + arguments)
        command.environment = Self.environment
        return try command.run()
    }

    /// How often the command makes each system call.
    func counts(_ arguments: BytePath...) throws -> [String: Int] {
        let file = path.appending("counts")
        let result = try traced(["count", "-o", file], arguments)
        guard result.end == .exited(0) else { throw Failure(description: "\(result.end): \(result.errorText)") }
        let lines = String(decoding: try Descriptor.open(file).readAll(), as: UTF8.self).split(separator: "\n")
        return Dictionary(
            uniqueKeysWithValues: lines.map { line in
                let words = line.split(separator: " ")
                return (String(words[0]), Int(words[1]) ?? -1)
            })
    }

    // MARK: Making

    /// An initialised root whose collection offers `packages`.
    init(in path: BytePath, offering packages: [SamplePackage], named name: BytePath = "root") throws {
        self.path = path
        self.name = name
        try Descriptor.openDirectory(path).ensureDirectory("stones")
        for package in packages { try publish(package) }
        try done("init")
        try done("repo", "add", "test", stones)
    }

    /// What is at `path` already.
    init(at path: BytePath, named name: BytePath = "root") {
        self.path = path
        self.name = name
    }

    func publish(_ package: SamplePackage) throws {
        try Descriptor.openDirectory(stones).replaceFile(
            BytePath(package.metadata.stoneFileName), with: package.stone())
    }

    func withdraw(_ package: SamplePackage) throws {
        try Descriptor.openDirectory(stones).unlink(BytePath(package.metadata.stoneFileName))
    }

    /// Runs `body` with a copy of this root; the stones stay where they are.
    ///
    /// Copying changes the times by which moss knows that nobody touched a spare, hence the tidying.
    func copied<Result>(tidy: Bool = true, _ body: (CommandRoot) throws -> Result) throws -> Result {
        try withScratchDirectory(inMemory: true) { scratch in
            // A name of its own: where a layer of somebody's overlay leads nowhere, trees of all roots that are called
            // like its end are taken to be in use.
            let copy = CommandRoot(at: scratch, named: scratch.lastComponent)
            try Command("cp", ["-a", root, copy.root]).runSuccessfully()
            if tidy { try copy.done("tidy") }
            return try body(copy)
        }
    }

    // MARK: Looking

    func states() throws -> [State] {
        struct Document: Decodable {
            struct Content: Decodable { var states: [State] }
            var data: Content
        }
        let text = try done("state", "list", "--json")
        return try JSONDecoder.snakeCase.decode(Document.self, from: Data(text.utf8)).data.states
    }

    /// The active state's number; nil before the first.
    func active() throws -> UInt64? {
        struct Document: Decodable {
            struct Content: Decodable { var state: State? }
            var data: Content
        }
        let text = try done("state", "active", "--json")
        return try JSONDecoder.snakeCase.decode(Document.self, from: Data(text.utf8)).data.state?.number
    }

    func listing() throws -> TreeListing { try TreeListing(of: root.appending("usr")) }

    /// Names in a directory of `.moss`, sorted.
    func names(in directory: BytePath) throws -> [String] {
        try Descriptor.openDirectory(root.appending(".moss").appending(directory)).entries().map(\.name.display)
            .sorted()
    }

    /// What no command may leave behind for good: half-written files and trees or states that nobody knows.
    func litter(besidesTrees: Bool = false) throws -> [String] {
        var litter: [String] = []
        for entry in try TreeListing(of: root.appending(".moss")).entries {
            let name = entry.path.lastComponent.display
            if name.hasPrefix(".new-") || name.hasSuffix(".next") { litter.append(entry.path.display) }
        }
        var trees = try names(in: "trees")
        // Another test's sandbox, whose layers or processes cannot be looked into, keeps the trees of every root for as
        // long as it lives.
        for _ in 0..<40 where trees.count > 1 && !besidesTrees {
            usleep(500_000)
            _ = try command(["tidy"]).run()
            trees = try names(in: "trees")
        }
        if trees.count > 1, !besidesTrees { litter.append("\(trees.count) trees") }
        let files = Set(try names(in: "states"))
        let records = Set(try states().map { "\($0.number)" })
        if files != records { litter.append("state files \(files.sorted()), records \(records.sorted())") }
        return litter
    }
}

extension JSONDecoder {
    static var snakeCase: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }
}

/// A package of `fileCount` files, a link and an empty directory, whose contents tell name and release.
func systemPackage(_ name: String, release: UInt64 = 1, fileCount: Int = 10) -> SamplePackage {
    var package = SamplePackage(name: name, version: "1.\(release)", release: release)
    for number in 0..<fileCount {
        let place = number % 3 == 0 ? "bin/\(name)-\(number)" : "share/\(name)/part\(number % 2)/file\(number)"
        // The later half stays the same in all releases.
        let text = "\(name) \(number) \(number * 2 < fileCount ? release : 0)\n"
        package.add(file: BytePath(place), Array(text.utf8), mode: number % 3 == 0 ? 0o755 : 0o644)
    }
    package.add(link: BytePath("share/\(name)/link"), to: "part0")
    package.add(directory: BytePath("share/\(name)/empty"), mode: 0o750)
    return package
}
