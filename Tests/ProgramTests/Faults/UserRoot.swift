import BytePath
import LinuxSystem
import TestSupport

/// A root that belongs to an ordinary user, with two states, as somebody else finds it.
struct UserRoot {
    static let owner: UInt32 = 65534
    let commands: CommandRoot

    var root: BytePath { commands.root }
    var moss: BytePath { root.appending(".moss") }

    /// Makes one below `scratch`.
    init(in scratch: BytePath) throws {
        commands = CommandRoot(at: scratch)
        try Command("cp", [BuiltProduct.moss.path, scratch.appending("moss")]).runSuccessfully()
        let directory = try Descriptor.openDirectory(scratch)
        try directory.makeDirectory("stones")
        try directory.makeDirectory("root")
        for name in ["one", "two", "three"] { try commands.publish(systemPackage(name)) }
        try Command("chmod", ["755", scratch]).runSuccessfully()
        try Command("chown", [BytePath("\(Self.owner):\(Self.owner)"), root]).runSuccessfully()
        for arguments: [BytePath] in [
            ["init"], ["repo", "add", "test", commands.stones], ["-y", "install", "one"], ["-y", "install", "two"],
        ] {
            let result = try run(arguments)
            guard result.end == .exited(0) else {
                throw CommandRoot.Failure(description: "\(arguments.map(\.display)): \(result.errorText)")
            }
        }
    }

    /// Runs moss as `user`, by default the root's owner.
    func run(_ arguments: [BytePath], as user: UInt32 = owner) throws -> CommandResult {
        try script("exec \"$@\"", [commands.path.appending("moss"), "-D", root] + arguments, as: user)
    }

    /// Runs a script as `user`.
    @discardableResult
    func script(_ text: BytePath, _ arguments: [BytePath] = [], as user: UInt32 = owner) throws -> CommandResult {
        let identifier = BytePath("\(user)")
        var command = Command(
            "setpriv",
            ["--reuid", identifier, "--regid", identifier, "--clear-groups", "bash", "-c", text, "bash"] + arguments)
        command.environment = CommandRoot.environment
        return try command.run()
    }

    /// Runs moss as this process's user, root; ends soon or is ended.
    func asRoot(_ arguments: [BytePath], timeoutSeconds: Double = 60) throws -> CommandResult {
        var command = try commands.command(arguments)
        command.timeoutSeconds = timeoutSeconds
        return try command.run()
    }

    /// What in the root is not its owner's.
    func foreignFiles() throws -> [BytePath] {
        try TreeListing(of: root).entries.filter { $0.uid != Self.owner }.map(\.path)
    }

    /// Commands that only look.
    static let questions: [[BytePath]] = [
        ["list", "installed"], ["list", "explicit"], ["list", "available"], ["list", "sync"], ["info", "one"],
        ["search", "o"], ["search-file", "bin"], ["state", "list"], ["state", "active"], ["state", "query", "1"],
        ["state", "diff", "1", "2"], ["state", "diff", "-f", "1", "2"], ["repo", "list"], ["blame", "bin/one-0"],
        ["du"],
        ["du", "--packages"], ["mount", "--list"], ["fsck"], ["fsck", "--full"], ["state", "verify"],
        ["install", "--dry-run", "three"], ["remove", "--dry-run", "one"], ["gc", "--dry-run"],
        ["state", "prune", "-k", "1", "--dry-run"], ["fsck", "--full", "--budget", "5s"],
    ]

    /// One of each way into a root.
    static let few: [[BytePath]] = [
        ["list", "installed"], ["mount", "--list"], ["fsck"], ["gc", "--dry-run"], ["-y", "install", "three"], ["tidy"],
        ["fsck", "--repair"],
    ]

    static let changes: [[BytePath]] = [
        ["-y", "install", "three"], ["-y", "remove", "one"], ["-y", "sync"], ["undo", "-y"],
        ["-y", "state", "activate", "1"], ["-y", "state", "remove", "1"], ["-y", "state", "prune", "-k", "1"],
        ["state", "pin", "1"], ["repo", "add", "more", "/nowhere"], ["repo", "remove", "test"], ["repo", "update"],
        ["repo", "disable", "test"], ["-y", "gc"], ["tidy"], ["fsck", "--repair"], ["state", "verify", "--repair"],
        ["-y", "store", "rebuild"], ["init"],
    ]
}
