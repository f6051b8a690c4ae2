import BytePath
import Glibc
import LinuxSystem
import Sandbox
import TestSupport
import Testing

/// Signals reach the command, and nothing of a sandbox outlives any of its processes' death.
@Suite(.needsRoot)
struct SandboxKillTests {
    @Test(arguments: SandboxUser.allCases, [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1])
    func aSignalReachesTheCommand(user: SandboxUser, signal: Int32) throws {
        try SandboxFixture.with(user) { fixture in
            let script = "trap 'echo got; exit 5' \(signal); echo up; while :; do sleep 0.02; done"
            let running = try started(fixture.command(fixture.request(script: script)))
            kill(running.identifier, signal)
            let result = try running.wait()
            #expect(result.outputText == "up\ngot\n")
            #expect(result.exitCode == 5)
        }
    }

    @Test(arguments: SandboxUser.allCases)
    func aCommandThatASignalKillsTellsIt(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            let running = try started(fixture.command(fixture.request(script: "echo up; exec sleep 1000")))
            kill(running.identifier, SIGTERM)
            #expect(try running.wait().exitCode == 128 + SIGTERM)
        }
    }

    @Test(arguments: SandboxUser.allCases)
    func whatTheCommandLeavesBehindIsKilled(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            let mark = fixture.directory
            let sleep = "(exec -a \(mark) sleep 1000) &"
            let request = fixture.request(script: "\(sleep) trap '' TERM HUP; \(sleep) exit 3")
            let result = try fixture.run(request)
            #expect(result.exitCode == 3)
            #expect(try Leftovers.processesAfterAWhile(mark.display) == [])
        }
    }

    @Test(arguments: SandboxUser.allCases, [false, true])
    func killingTheSandboxLeavesNothing(user: SandboxUser, killsCaller: Bool) throws {
        try SandboxFixture.with(user) { fixture in
            let mark = fixture.directory.display
            var request = fixture.request(["bash", "-c", "echo up; sleep 1000 & sleep 1000", BytePath(mark)])
            let provider: BytePath = "mount --rbind \"$1\" \"$2\" && printf R >&$3; exec -a \"$1\" sleep 1000"
            request.lower = .provider(
                .init("/bin/bash", ["-c", provider, "bash", fixture.lower, "{mountpoint}", "{ready}"]))
            // The shell plays moss: it starts the sandbox and names itself as its parent.
            let caller: BytePath = "\"$0\" --parent $$ \"$@\" & echo $! >&2; wait $!"
            let command = fixture.command("/bin/bash", ["-c", caller, fixture.program] + request.arguments)
            let running = try started(command)
            let sandbox = try #require(Int32(running.errorsSoFarText.prefix { $0 != "\n" }))
            kill(killsCaller ? running.identifier : sandbox, SIGKILL)
            let end = try running.wait().end
            #expect(end == (killsCaller ? .signalled(SIGKILL) : .exited(137)))
            #expect(try Leftovers.processesAfterAWhile(mark) == [])
            #expect(try Leftovers.mounts(mark) == [])
        }
    }

    @Test(.long, arguments: SandboxUser.allCases)
    func aCommandThatDoesNotEndIsKilled(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            let script = "trap '' TERM; echo up; while :; do sleep 0.1; done"
            let running = try started(fixture.command(fixture.request(script: script)))
            kill(running.identifier, SIGTERM)
            #expect(try running.wait().exitCode == 137)
        }
    }

    /// Starts the command and waits until it has written something.
    private func started(_ command: Command) throws -> RunningCommand {
        let running = try command.start()
        for _ in 0..<1000 where running.outputSoFar.isEmpty && running.isRunning { usleep(10_000) }
        try #require(!running.outputSoFar.isEmpty, "\(running.errorsSoFarText)")
        return running
    }
}
