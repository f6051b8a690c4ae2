import BytePath
import LinuxSystem
import Sandbox
import TestSupport
import Testing

/// The command in a sandbox: how it is found, what it gets, and how its end is told.
@Suite(.needsRoot)
struct SandboxCommandTests {
    @Test(arguments: SandboxUser.allCases)
    func theExitStatusIsTheCommands(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            for (script, status) in [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -9 $$", 137)] {
                #expect(try fixture.run(fixture.request(script: script)).end == .exited(Int32(status)))
            }
            let missing = try fixture.run(fixture.request(["no-such-program"]))
            #expect(missing.exitCode == 127)
            #expect(missing.errorText == "moss-sandbox: no-such-program: no such program in the sandbox's PATH\n")
            #expect(try fixture.run(fixture.request(["/no/such"])).exitCode == 127)
            let plain = try fixture.run(fixture.request(["/usr/share/a"]))
            #expect(plain.exitCode == 126)
            #expect(plain.errorText.contains("/usr/share/a: cannot be executed: Permission denied"))
            #expect(try fixture.run(fixture.request(["/usr"])).exitCode == 126)
        }
    }

    @Test func aProgramWithoutItsInterpreterIsNotExecutable() throws {
        try SandboxFixture.with(.root) { fixture in
            try Descriptor.openDirectory(fixture.lower.appending("bin")).replaceFile(
                "lost", with: Array("#!/no/such\n".utf8), mode: 0o755)
            let result = try fixture.run(fixture.request(["lost"]))
            #expect(result.exitCode == 126)
            #expect(result.errorText.contains("/lost: its interpreter or loader is missing"))
        }
    }

    @Test(arguments: SandboxUser.allCases)
    func standardStreamsAreTheCallers(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            var command = fixture.command(fixture.request(script: "cat; echo wrong >&2"))
            command.input = Array("one\ntwo\0three".utf8)
            let result = try command.run()
            #expect(result.outputText == "one\ntwo\0three")
            #expect(result.errorText == "wrong\n")
        }
    }

    @Test(arguments: SandboxUser.allCases)
    func argumentsArriveByteByByte(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            let odd: [BytePath] = ["", "--", "a b", "--lower", BytePath(bytes: [0xff, 0x0a, 0x27]), "é"]
            let script: BytePath = "for word in \"$@\"; do printf '%s|' \"$word\"; done"
            let result = try fixture.run(fixture.request(["bash", "-c", script, "bash"] + odd))
            #expect(result.output == odd.flatMap { $0.bytes + [UInt8(ascii: "|")] })
        }
    }

    @Test(.noSanitizer("its options are among the variables"))
    func theEnvironmentIsClean() throws {
        try SandboxFixture.with(.root) { fixture in
            var request = fixture.request(["env"])
            let library = "LD_LIBRARY_PATH=/usr/lib"
            let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            let clean = try environment(fixture, request)
            #expect(clean == ["HOME=/root", "LANG=C.UTF-8", library, path, "TERM=dumb"])
            request.variables += ["HOME=/tmp", "A=b=c", "A=d", "EMPTY="]
            let more = try environment(fixture, request)
            #expect(more == ["A=d", "EMPTY=", "HOME=/tmp", "LANG=C.UTF-8", library, path, "TERM=dumb"])
            request.variables = [BytePath(library)]
            request.passesEnvironment = true
            let all = try environment(fixture, request)
            #expect(all == ["HOME=/home/me", library, "PATH=/bin", "SECRET=1", "TERM=dumb"])
        }
    }

    private func environment(_ fixture: SandboxFixture, _ request: SandboxRequest) throws -> [String] {
        var command = fixture.command(request)
        command.environment = ["PATH": "/bin", "TERM": "dumb", "SECRET": "1", "HOME": "/home/me"]
        return try command.runSuccessfully().outputText.split(separator: "\n").map(String.init).sorted()
    }

    @Test(arguments: SandboxUser.allCases)
    func itStartsWhereItIsTold(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            #expect(try fixture.output(script: "pwd") == "/\n")
            #expect(try fixture.output(script: "pwd") { $0.workingDirectory = "/usr/share" } == "/usr/share\n")
            var request = fixture.request(script: "pwd")
            request.workingDirectory = "/no/such"
            let result = try fixture.run(request)
            #expect(result.exitCode == 125)
            #expect(result.errorText.contains("/no/such: cannot start there: No such file or directory"))
        }
    }

    @Test(.noThreadSanitizer("a thread of its runtime takes a number"), arguments: SandboxUser.allCases)
    func itIsRootWithItsOwnProcessesAndNoDescriptors(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            let text = try fixture.output(script: "id -u; echo $$; umask; echo /proc/[0-9]*; ls /proc/self/fd")
            #expect(text == "0\n2\n0022\n/proc/1 /proc/2\n0\n1\n2\n3\n")
        }
    }

    @Test(arguments: SandboxUser.allCases)
    func whatCannotBeMadeIsSaid(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            var request = fixture.request(["ls"])
            request.lower = .directory("/no/such")
            let missing = try fixture.run(request)
            #expect(missing.exitCode == 125)
            let message = "moss-sandbox: /no/such: cannot be used for /usr: No such file or directory (open_tree)\n"
            #expect(missing.errorText == message)
            request.lower = .directory(fixture.directory.appending("plain/file"))
            #expect(try fixture.run(request).errorText.contains("not a directory"))
            var late = fixture.request(["ls"])
            late.parent = 1
            let orphan = try fixture.run(late)
            #expect(orphan.exitCode == 125)
            #expect(orphan.errorText.contains("the process that asked for this sandbox has ended"))
        }
    }

    @Test func theCallersFunctionTellsTheStatus() throws {
        try SandboxFixture.with(.root) { fixture in
            let program = fixture.program
            let exited = try Sandbox.run(fixture.request(script: "exit 3"), program: program)
            let killed = try Sandbox.run(fixture.request(script: "kill -15 $$"), program: program)
            #expect(exited == 3)
            #expect(killed == 143)
            #expect(throws: SandboxError.self) {
                try Sandbox.run(fixture.request(["true"]), program: "/no/such/program")
            }
        }
    }

    @Test(.noSanitizer("the inner one does not get its options"), arguments: SandboxUser.allCases)
    func aSandboxWorksInsideASandbox(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            var inner = fixture.request(script: "echo $$ $(cat /usr/share/a); echo x >/usr/share/a; exit 9")
            inner.lower = .directory("/fixture/lower")
            var outer = SandboxRequest(lower: .directory("/usr"), command: ["/fixture/moss-sandbox"] + inner.arguments)
            // Otherwise /proc is not whole inside, and the kernel lets nobody mount another one.
            outer.isPrivileged = user == .root
            outer.binds = [.init(fixture.directory, to: "/fixture"), .init("/opt", to: "/opt", isReadOnly: true)]
            let result = try fixture.run(outer)
            #expect(result.outputText == "2 a\n", "\(result.errorText)")
            #expect(result.exitCode == 9)
        }
    }
}
