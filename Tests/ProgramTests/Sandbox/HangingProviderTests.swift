import BytePath
import Glibc
import LinuxSystem
import Sandbox
import TestSupport
import Testing

/// A provider that reads the kernel's requests and does not answer: whoever waits for it cannot even be killed.
@Suite(.needsRoot)
struct HangingProviderTests {
    /// Speaks just enough of the FUSE protocol to mount an empty directory. It never answers a look-up of the name
    /// `hang`, or with `all` no request at all. Arguments: mount point, descriptor, `all` or `some`, and what the mount
    /// table is to call its source, so that each test finds only its own.
    private static let provider: BytePath = """
        my ($place, $number, $which, $source) = @ARGV;
        open(my $device, '+<', '/dev/fuse') or die;
        open(my $ready, '>&=', $number) or die;
        my $options = 'fd=' . fileno($device) . ',rootmode=40000,user_id=0,group_id=0';
        my $type = 'fuse.hanging';
        syscall(165, $source, $place, $type, 7, $options) == 0 or die;
        my $directory = pack('Q6L10', 1, (0) x 5, (0) x 3, 040755, 2, (0) x 5);
        while (sysread($device, my $request, 1 << 20)) {
            my (undef, $opcode, $unique) = unpack('LLQ', $request);
            my ($error, $answer) = (-38, '');
            if ($opcode == 26) { ($error, $answer) = (0, pack('L16', 7, 31, (0) x 14)) }
            elsif ($which eq 'all') { next }
            elsif ($opcode == 1) { next if substr($request, 40, 4) eq 'hang'; $error = -2 }
            elsif ($opcode == 3) { ($error, $answer) = (0, pack('QLL', 1000, 0, 0) . $directory) }
            syswrite($device, pack('LlQ', 16 + length($answer), $error, $unique) . $answer);
            if ($opcode == 26) { syswrite($ready, 'R') }
        }
        """

    private func request(_ fixture: SandboxFixture, _ which: BytePath, script: BytePath) -> SandboxRequest {
        // The candidate is empty, so the shell comes from a bind, with its loader and libraries.
        let shell: [BytePath] = ["/l/lib64/ld-linux-x86-64.so.2", "--library-path", "/l/lib", "/l/bin/bash"]
        var request = SandboxRequest(lower: .directory("/"), command: shell + ["-c", script])
        let words: [BytePath] = ["-e", Self.provider, "{mountpoint}", "{ready}", which, fixture.directory]
        request.lower = .provider(.init("/usr/bin/perl", words))
        request.binds = [.init(fixture.lower, to: "/l", isReadOnly: true)]
        request.isReadOnly = true
        return request
    }

    private func expectNothingLeft(_ fixture: SandboxFixture) throws {
        #expect(try Leftovers.processesAfterAWhile(fixture.directory.display) == [])
        #expect(try Leftovers.mounts(fixture.directory.display) == [])
    }

    @Test func aCommandsEndWaitsForNoProvider() throws {
        try SandboxFixture.with(.root) { fixture in
            let script: BytePath = "(: </usr/hang) & for ((i = 0; i < 100000; i++)); do :; done; exit 3"
            let result = try fixture.run(request(fixture, "some", script: script))
            #expect(result.exitCode == 3, "\(result.errorText)")
            try expectNothingLeft(fixture)
        }
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGKILL])
    func aSandboxThatCannotStartCanBeEnded(signal: Int32) throws {
        try SandboxFixture.with(.root) { fixture in
            let running = try fixture.command(request(fixture, "all", script: "echo never")).start()
            usleep(700_000)
            #expect(running.isRunning)
            kill(running.identifier, signal)
            let result = try running.wait()
            #expect(result.end == (signal == SIGKILL ? .signalled(SIGKILL) : .exited(137)))
            #expect(result.outputText == "")
            try expectNothingLeft(fixture)
        }
    }
}
