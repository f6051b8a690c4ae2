import BytePath
import Glibc
import LinuxSystem
import PackageModel
import TestSupport

/// Commands that are taken through every power cut, by name. Adding one is adding a line to ``all``.
struct CrashOperation: Sendable {
    struct Step: Sendable {
        let arguments: [BytePath]
        /// Further options of `call-tracer record`.
        var tracing: [BytePath] = []
        var exitCode: Int32 = 0

        /// The command without its options.
        var name: String { arguments.filter { $0 != "-y" }.map(\.display).joined(separator: " ") }
    }

    let name: String
    /// A packed root to begin with.
    var archive: OldRoot?
    /// Run first, and on disk before the rest begins.
    let before: [[BytePath]]
    /// What happens to the disk before the steps: they repair it, and a repair that is cut short must be possible still.
    let damage: (@Sendable (CommandRoot) throws -> Void)?
    let steps: [Step]

    private init(
        _ name: String, after before: [[BytePath]], damaged damage: (@Sendable (CommandRoot) throws -> Void)? = nil,
        _ steps: Step...
    ) {
        self.name = name
        self.before = before
        self.damage = damage
        self.steps = steps
    }

    /// The same with a root of an earlier version.
    private static func on(_ archive: OldRoot, _ operation: CrashOperation) -> CrashOperation {
        var operation = operation
        operation.archive = archive
        return operation
    }

    private static func run(_ arguments: BytePath...) -> Step { Step(arguments: arguments) }

    /// A command that is killed just after its `count`th `event`; the next one finds what it left.
    private static func killed(after event: BytePath, _ count: Int, _ arguments: BytePath...) -> Step {
        Step(arguments: arguments, tracing: ["--kill", event, BytePath("\(count)")])
    }

    /// A command one of whose calls fails with an error number.
    private static func failing(_ call: BytePath, _ count: Int, _ error: Int, _ arguments: BytePath...) -> Step {
        Step(arguments: arguments, tracing: ["--fail", call, BytePath("\(count)"), BytePath("\(error)")])
    }

    private static let repaired: Int32 = 9
    private static let repair = Step(arguments: ["fsck", "--full", "--repair"], exitCode: repaired)

    /// Stand for directories of stones.
    static let stones: BytePath = "STONES"
    static let newer: BytePath = "NEWER"

    /// Makes directories of stones and a root below `path`, and runs what comes before.
    func prepare(in path: BytePath) throws -> CommandRoot {
        let root = CommandRoot(at: path)
        let directory = try Descriptor.openDirectory(path)
        for name in ["root", "stones", "newer"] as [BytePath] { try directory.makeDirectory(name) }
        for name in ["p0", "p1", "p2", "p3", "p4", "other"] { try root.publish(systemPackage(name, fileCount: 6)) }
        for name in ["p0", "p1"] {
            let package = systemPackage(name, release: 2, fileCount: 8)
            try directory.openDirectory("newer").replaceFile(
                BytePath(package.metadata.stoneFileName), with: package.stone())
        }
        if let archive { try archive.unpack(into: root.root) }
        for arguments in before { try root.command(complete(arguments, for: root)).runSuccessfully() }
        return root
    }

    /// The arguments with the directories that stand in them.
    func complete(_ arguments: [BytePath], for root: CommandRoot) -> [BytePath] {
        arguments.map { argument in
            switch argument {
            case Self.stones: root.stones
            case Self.newer: root.path.appending("newer")
            default: argument
            }
        }
    }

    // MARK: Roots to begin with

    private static let fresh: [[BytePath]] = [["init"], ["repo", "add", "test", stones]]
    private static let one: [[BytePath]] = fresh + [["-y", "install", "p0", "p1", "p2"]]
    private static let spare: [[BytePath]] = one + [["tidy"]]
    private static let three: [[BytePath]] =
        spare + [["-y", "install", "p3"], ["tidy"], ["-y", "remove", "p1"], ["tidy"]]

    /// Many links, so that the one that is refused is an object's that states need.
    private static let tooManyLinks = 31

    /// Those whose names hold what MOSS_CRASH says, for looking into a few.
    static let chosen: [CrashOperation] = {
        guard let text = getenv("MOSS_CRASH").map({ String(cString: $0) }) else { return all }
        return all.filter { $0.name.contains(text) }
    }()

    static var isChoosy: Bool { chosen.count < all.count }

    static let all: [CrashOperation] = [
        CrashOperation("init", after: [], run("init"), run("repo", "add", "test", stones)),
        CrashOperation("first install", after: fresh, run("-y", "install", "p0", "p1", "p2")),
        CrashOperation("install", after: spare, run("-y", "install", "p3")),
        CrashOperation("install without spare", after: one, run("-y", "install", "p3")),
        CrashOperation("remove", after: spare, run("-y", "remove", "p1")),
        CrashOperation("sync", after: spare, run("repo", "add", "newer", newer, "--priority", "10"), run("-y", "sync")),
        CrashOperation(
            "collections", after: one, run("repo", "add", "newer", newer), run("repo", "disable", "newer"),
            run("repo", "remove", "newer")),
        CrashOperation(
            "pins", after: three, run("state", "pin", "1", "first"), run("state", "pin", "2"),
            run("state", "unpin", "1")),
        CrashOperation(
            "collect", after: three + [["-y", "state", "remove", "2"]], run("-y", "gc"), run("-y", "gc", "--verify")),
        CrashOperation("activate", after: three, run("-y", "state", "activate", "1")),
        CrashOperation(
            "activate twice", after: three, run("-y", "state", "activate", "1"), run("-y", "state", "activate", "3")),
        CrashOperation("state remove", after: three, run("-y", "state", "remove", "1-2")),
        CrashOperation("prune", after: three, run("-y", "state", "prune", "--keep", "1")),
        CrashOperation("tidy", after: one + [["-y", "install", "p3"]], run("tidy")),
        CrashOperation(
            "prune and install", after: three, run("-y", "state", "prune", "--keep", "1"), run("-y", "install", "p1")),
        CrashOperation(
            "tidy and remove", after: one + [["-y", "install", "p3"]], run("tidy"), run("-y", "remove", "p0")),
        CrashOperation(
            "finish", after: spare, killed(after: "exchange", 1, "-y", "install", "p3"), run("repo", "update")),
        CrashOperation(
            "forget", after: spare, killed(after: "syncfs", 1, "-y", "install", "p3"), run("repo", "update")),
        CrashOperation(
            "forget and install", after: spare, killed(after: "link", 3, "-y", "install", "p3"),
            run("-y", "install", "p4")),
        CrashOperation(
            "collect leftovers", after: three, killed(after: "rename", 3, "-y", "install", "p4"), run("-y", "gc")),
        CrashOperation(
            "collect again", after: three, killed(after: "unlink", 4, "-y", "state", "remove", "1-2"),
            run("-y", "gc")),
        CrashOperation("rebuild", after: one, run("store", "rebuild"), run("repo", "add", "newer", newer)),
        on(
            .format3,
            CrashOperation(
                "take over", after: [], run("repo", "add", "test", stones), run("-y", "install", "other"))),
        on(.format3, CrashOperation("take over and rebuild", after: [], run("store", "rebuild"))),
        CrashOperation("full links", after: one, failing("linkat", 4, tooManyLinks, "-y", "remove", "p0")),
        CrashOperation("repair records", after: three, damaged: { try $0.removeFilesBesideRecords() }, repair),
        CrashOperation("repair swapped", after: three, damaged: { try $0.swapObjects() }, repair),
        CrashOperation("repair from stones", after: three, damaged: { try $0.truncateObjects() }, repair),
        CrashOperation(
            "life", after: [], run("init"), run("repo", "add", "test", stones), run("-y", "install", "p0", "p1"),
            run("-y", "install", "p2"), run("tidy"), run("-y", "remove", "p0"), run("-y", "state", "activate", "1"),
            run("-y", "state", "remove", "2")),
    ]
}

/// Damage to roots made of ``systemPackage(_:release:fileCount:)``.
extension CommandRoot {
    private func open(_ path: BytePath) throws -> Descriptor {
        try Descriptor.openDirectory(root.appending(".moss").appending(path))
    }

    /// A manifest and a state's file: the database knows what they held.
    fileprivate func removeFilesBesideRecords() throws {
        let packages = try open("packages")
        if let first = try packages.entries().map(\.name).min() { try packages.unlink(first) }
        try open("states").unlink("2")
    }

    /// Objects of the package that only old states have.
    private func oldObjects() throws -> [BytePath] {
        let objects = try open("objects")
        return try TreeListing(of: root.appending(".moss/objects")).entries.filter { $0.kind == .regular }.map(\.path)
            .filter { try objects.readFile($0).starts(with: "p1 ".utf8) }
    }

    /// Two objects take each other's names, and nobody else has their bytes.
    fileprivate func swapObjects() throws {
        let objects = try open("objects")
        let names = try oldObjects()
        try objects.rename(names[0], to: "swapped")
        try objects.rename(names[1], to: names[0])
        try objects.rename("swapped", to: names[1])
        let directory = try Descriptor.openDirectory(stones)
        for entry in try directory.entries() where !entry.name.bytes.starts(with: "other".utf8) {
            try directory.unlink(entry.name)
        }
    }

    /// Two objects lose their bytes.
    fileprivate func truncateObjects() throws {
        for name in try oldObjects().prefix(2) {
            try Descriptor.open(root.appending(".moss/objects").appending(name), [.write]).truncate(to: 1)
        }
    }
}
