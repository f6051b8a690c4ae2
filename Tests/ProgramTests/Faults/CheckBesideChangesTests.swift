import BytePath
import LinuxSystem
import TestSupport
import Testing

/// Checks beside commands that change the root: a root that is whole all the time is never damaged.
@Suite struct CheckBesideChangesTests {
    private static let reader: UInt32 = 65534

    /// - Parameter asOther: checks as a user who can take no lock.
    private func run(rounds: Int, asOther: Bool) throws {
        try withScratchDirectory { scratch in
            let packages = [systemPackage("base", fileCount: 60), systemPackage("more", fileCount: 40)]
            let root = try CommandRoot(in: scratch, offering: packages)
            try Command("cp", [BuiltProduct.moss.path, scratch.appending("moss")]).runSuccessfully()
            try Command("chmod", ["755", scratch]).runSuccessfully()
            try root.done("-y", "install", "base")
            let user: [BytePath] = ["--reuid", BytePath("\(Self.reader)"), "--regid", BytePath("\(Self.reader)")]
            let program: [BytePath] = asOther ? ["setpriv"] + user + ["--clear-groups"] : ["env"]
            for round in 0..<rounds {
                let change: [BytePath] = round % 2 == 0 ? ["-y", "install", "more"] : ["-y", "remove", "more"]
                let work: [[BytePath]] = [change, ["tidy"], ["-y", "state", "prune", "--keep", "1"], ["-y", "gc"]]
                let isDone = Guarded(false)
                let failures = Guarded<[String]>([])
                let ran = withSecondThread {
                    for arguments in work {
                        do {
                            // A check in the way is one more reason to wait.
                            _ = try root.command(arguments + ["--wait"]).runSuccessfully()
                        } catch {
                            failures.withLock { $0.append("\(error)") }
                        }
                    }
                    isDone.withLock { $0 = true }
                } _: {
                    repeat {
                        do {
                            var command = Command(
                                program[0],
                                program.dropFirst() + [scratch.appending("moss"), "-D", root.root, "fsck", "--full"])
                            command.environment = CommandRoot.environment
                            let result = try command.run()
                            // 5: the root is locked; 10: it kept changing, or is not this user's to see.
                            let isRight = [.exited(0), .exited(5), .exited(10)].contains(result.end)
                            if !isRight { failures.withLock { $0.append("\(result.end): \(result.outputText)") } }
                        } catch {
                            failures.withLock { $0.append("\(error)") }
                        }
                    } while !isDone.withLock { $0 }
                }
                #expect(ran && failures.withLock { $0 } == [], "round \(round)")
            }
            try root.done("fsck", "--full")
        }
    }

    @Test(.needsRoot, arguments: [false, true]) func aWholeRootIsNeverDamaged(asOther: Bool) throws {
        try run(rounds: 5, asOther: asOther)
    }

    @Test(.needsRoot, .long, arguments: [false, true]) func norInHundredsOfRounds(asOther: Bool) throws {
        try run(rounds: 200, asOther: asOther)
    }
}
