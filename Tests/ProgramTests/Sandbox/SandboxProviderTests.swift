import BytePath
import Glibc
import LinuxSystem
import Sandbox
import TestSupport
import Testing

/// A `/usr` that a program provides, and all the ways in which that program can fail.
@Suite(.needsRoot)
struct SandboxProviderTests {
    private static let mount = "mount --rbind \"$1\" \"$2\""

    /// A request whose provider is a script: $1 is the fixture's tree, $2 the mount point, $3 the answer's descriptor.
    private func request(_ fixture: SandboxFixture, provider: String, script: String) -> SandboxRequest {
        var request = fixture.request(script: script)
        request.lower = .provider(
            .init(
                "/bin/bash",
                [
                    "-c", BytePath(provider), fixture.directory.appending("provider"), fixture.lower, "{mountpoint}",
                    "{ready}",
                ]
            ))
        return request
    }

    @Test(arguments: SandboxUser.allCases, [false, true])
    func whatItMountsIsUsr(user: SandboxUser, isReadOnly: Bool) throws {
        try SandboxFixture.with(user) { fixture in
            let provider = "\(Self.mount) && printf R >&$3; exec sleep 1000"
            var request = request(
                fixture, provider: provider,
                script: "cat /usr/share/a; echo x 2>/dev/null >/usr/share/z && echo /usr/share/z")
            request.isReadOnly = isReadOnly
            let result = try fixture.run(request)
            #expect(result.outputText == (isReadOnly ? "a\n" : "a\n/usr/share/z\n"), "\(result.errorText)")
            #expect(try Descriptor.openDirectory(fixture.lower).statusIfPresent(of: "share/z") == nil)
            #expect(try Leftovers.processesAfterAWhile(fixture.directory.display) == [])
            #expect(try Leftovers.mounts(fixture.directory.display) == [])
        }
    }

    @Test(arguments: SandboxUser.allCases)
    func itSeesTheHostAndIsAskedToEnd(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            let file = fixture.lower.parent.appending("keep/ended").display
            let provider = """
                echo to-errors; trap 'echo "$(cat "$1/../plain/file") $PPID" >"\(file)"; exit' TERM
                \(Self.mount) && printf R >&$3; while :; do sleep 0.02; done
                """
            let result = try fixture.run(request(fixture, provider: provider, script: "echo fine; exit 4"))
            #expect(result.outputText == "fine\n")
            #expect(result.errorText.hasPrefix("to-errors\n"))
            #expect(result.exitCode == 4)
            let text = String(decoding: try Descriptor.open(BytePath(file)).readAll(), as: UTF8.self)
            #expect(text.hasPrefix("host "))
        }
    }

    @Test(arguments: [
        ("exit 3", "ended before it had mounted /usr: exit status 3"),
        ("kill -9 $$", "ended before it had mounted /usr: signal 9"),
        ("printf 'Eno state 7' >&$3; exit 1", "no state 7"),
        ("printf X >&$3; sleep 1000", "answered with something other than R or E"),
        ("printf 'Ehalf' >&$3; sleep 1000", "half"),
        ("exec sleep 1000", "has not mounted /usr after 1 s"),
    ])
    func itsFailureIsSaid(provider: String, message: String) throws {
        try SandboxFixture.with(.root) { fixture in
            var request = request(fixture, provider: provider, script: "echo ran")
            if case .provider(var description) = request.lower {
                description.timeoutSeconds = 1
                request.lower = .provider(description)
            }
            let result = try fixture.run(request)
            #expect(result.exitCode == 125)
            #expect(result.outputText == "")
            #expect(result.errorText.contains("/bin/bash: \(message)"))
            #expect(try Leftovers.processesAfterAWhile(fixture.directory.display) == [])
        }
    }

    @Test func aMissingProgramIsSaid() throws {
        try SandboxFixture.with(.root) { fixture in
            var request = fixture.request(["true"])
            request.lower = .provider(.init("/no/such"))
            let result = try fixture.run(request)
            #expect(result.exitCode == 125)
            #expect(result.errorText == "moss-sandbox: /no/such: cannot be started: No such file or directory\n")
        }
    }

    @Test func oneThatDoesNotEndIsKilled() throws {
        try SandboxFixture.with(.root) { fixture in
            let provider = "trap '' TERM; \(Self.mount) && printf R >&$3; while :; do sleep 0.05; done"
            let result = try fixture.run(request(fixture, provider: provider, script: "exit 6"))
            #expect(result.exitCode == 6)
            #expect(try Leftovers.processesAfterAWhile(fixture.directory.display) == [])
        }
    }

    @Test func itsEndDuringTheCommandIsSaid() throws {
        try SandboxFixture.with(.root) { fixture in
            let provider = "\(Self.mount) && printf R >&$3; exec sleep 0.2"
            let result = try fixture.run(request(fixture, provider: provider, script: "sleep 0.6; exit 8"))
            #expect(result.exitCode == 8)
            #expect(result.errorText.contains("the program that shows /usr has ended"))
        }
    }

    @Test func itAloneGetsTheInheritedDescriptors() throws {
        try SandboxFixture.with(.root) { fixture in
            let file = try Descriptor.open(fixture.directory.appending("plain/file"))
            let provider = """
                cat <&\(file.raw) >"$1/../got"; ls /proc/self/fd >"$1/../list"; \(Self.mount) && printf R >&$3; sleep 1000
                """
            var request = request(fixture, provider: provider, script: "[ ! -e /proc/self/fd/\(file.raw) ]")
            if case .provider(var description) = request.lower {
                description.inherited = [file.raw]
                request.lower = .provider(description)
            }
            #expect(try fixture.status(request) == 0)
            let directory = try Descriptor.openDirectory(fixture.directory)
            #expect(try directory.readFile("got") == Array("host\n".utf8))
            // The streams, the descriptor, the answer's, and the one that ls reads the list with.
            let list = String(decoding: try directory.readFile("list"), as: UTF8.self).split(separator: "\n")
            #expect(list.count == 6)
            #expect(list.contains("\(file.raw)"))
        }
    }

    @Test func theMountPointIsReplacedInsideWords() throws {
        try SandboxFixture.with(.root) { fixture in
            var request = fixture.request(script: "cat /usr/share/b")
            let provider: BytePath = "eval \"$1\"; mount --rbind \"$tree\" \"$at\"; printf R >&$fd; exec sleep 1000"
            let words = BytePath("tree='\(fixture.lower.display)' at={mountpoint} fd={ready}")
            request.lower = .provider(.init("/bin/bash", ["-c", provider, "bash", words]))
            let result = try fixture.run(request)
            #expect(result.outputText == "b\n")
        }
    }
}

extension SandboxFixture {
    /// The status that the caller's function returns; the command's streams are the test's.
    func status(_ request: SandboxRequest) throws -> Int32 {
        try Sandbox.run(request, program: program)
    }
}
