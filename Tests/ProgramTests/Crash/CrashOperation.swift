import BytePath
import LinuxSystem
import PackageModel
import TestSupport

/// Commands that are taken through every power cut, by name. Adding one is adding a line to ``all``.
struct CrashOperation: Sendable {
    struct Step: Sendable {
        let arguments: [BytePath]
        /// Further options of `call-tracer record`.
        var tracing: [BytePath] = []

        /// The command without its options.
        var name: String { arguments.filter { $0 != "-y" }.map(\.display).joined(separator: " ") }
    }

    let name: String
    /// Run first, and on disk before the rest begins.
    let before: [[BytePath]]
    let steps: [Step]

    private init(_ name: String, after before: [[BytePath]], _ steps: Step...) {
        self.name = name
        self.before = before
        self.steps = steps
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
        CrashOperation("full links", after: one, failing("linkat", 4, tooManyLinks, "-y", "remove", "p0")),
        CrashOperation(
            "life", after: [], run("init"), run("repo", "add", "test", stones), run("-y", "install", "p0", "p1"),
            run("-y", "install", "p2"), run("tidy"), run("-y", "remove", "p0"), run("-y", "state", "activate", "1"),
            run("-y", "state", "remove", "2")),
    ]
}
