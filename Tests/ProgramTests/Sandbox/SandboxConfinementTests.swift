import BytePath
import LinuxSystem
import Sandbox
import TestSupport
import Testing

/// What a command of root cannot do to the machine. The host's own programs try, from inside.
@Suite(.needsRoot)
struct SandboxConfinementTests {
    /// Runs a script with the host's programs; it has to succeed.
    private func output(
        _ script: String, as user: SandboxUser = .root, _ change: (inout SandboxRequest) -> Void = { _ in }
    ) throws -> String {
        try SandboxFixture.with(user) { fixture in
            var request = SandboxRequest(lower: .directory("/usr"), command: ["bash", "-c", BytePath(script)])
            change(&request)
            let result = try fixture.run(request)
            #expect(result.end == .exited(0), "\(result.outputText)\(result.errorText)")
            return result.outputText
        }
    }

    private func status(_ name: String, in text: String) throws -> UInt64 {
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(name):") })
        return try #require(UInt64(line.split(separator: "\t")[1], radix: 16))
    }

    @Test func rightsAreThoseOverFilesAndProcesses() throws {
        let text = try output("cat /proc/self/status; echo; cat /proc/1/status")
        let kept = [0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 31].reduce(UInt64(0)) { $0 | 1 << $1 }
        for name in ["CapBnd", "CapPrm", "CapEff"] {
            #expect(try status(name, in: text) == kept)
            #expect(text.split(separator: "\n").filter { $0.hasPrefix("\(name):") }.count == 2)
        }
        #expect(try status("CapInh", in: text) == 0)
        #expect(try status("CapAmb", in: text) == 0)
        #expect(try status("NoNewPrivs", in: text) == 1)
        #expect(try status("Seccomp", in: text) == 2)
    }

    @Test func rightsThatWereAskedForAreThere() throws {
        let script = "cat /proc/self/status; mount -t tmpfs none /tmp; hostname inside; hostname"
        let text = try output(script) { $0.isPrivileged = true }
        let bits = try status("CapEff", in: text)
        for capability in [16, 17, 22, 25] { #expect(bits & (1 << capability) == 0, "\(capability)") }
        #expect(bits & (1 << 21) != 0)
        #expect(try status("NoNewPrivs", in: text) == 0)
        #expect(text.hasSuffix("\ninside\n"))
        #expect(try Command("hostname").runSuccessfully().outputText != "inside\n")
    }

    /// Nothing of the machine would change should any of it be allowed.
    @Test(arguments: [
        "hostname \"$(hostname)\"", "mknod /tmp/disk b 8 0", "mknod /dev/mem2 c 1 1", "mount -t tmpfs none /tmp",
        "mount --bind /tmp /var", "mount -o remount,rw,bind /sys", "mount -o remount,rw /proc/sys", "umount /proc/sys",
        "umount -l /sys",
        "v=$(cat /proc/sys/vm/swappiness); echo $v >/proc/sys/vm/swappiness", "echo h >/proc/sysrq-trigger",
        "touch /sys/kernel/x",
        "ls /proc/1/root/", "cat /proc/1/environ", "readlink /proc/1/cwd", "chroot /proc/1/root true",
        "readlink $(printf '/proc/1/fd/%s\\n' $(ls /proc/1/fd))",
        "date -s \"$(date)\"", "[ $(nice -n -5 nice) -lt $(nice) ]", "dmesg", "ip link add x type dummy",
        "unshare -Urm mount -t proc none /proc", "unshare -Urm mount -o remount,rw,bind /sys",
        "perl -e 'exit(syscall(250, 0, -3, 1) >= 0 ? 0 : 1)'",
        "perl -e 'my ($t, $n) = (\"user\", \"n\"); exit(syscall(248, $t, $n, $n, 1, -4) >= 0 ? 0 : 1)'",
        """
        perl -e 'my ($p, $h, $m) = ("/tmp", pack("Li", 128, 0) . "\\0" x 128, pack("i", 0));
        syscall(303, -100, $p, $h, $m, 0); exit(syscall(304, -100, $h, 0) >= 0 ? 0 : 1)'
        """,
        "perl -e 'exit(syscall(101, 16, 1, 0, 0) >= 0 ? 0 : 1)'",
    ])
    func thisIsRefused(script: String) throws {
        #expect(try output("! { \(script); } >/dev/null 2>&1") == "", "\(script)")
    }

    /// Root of a namespace of users could mount what is the machine's.
    @Test func namespacesOfUsersAndMountsAreRefused() throws {
        for script in ["unshare -U true", "unshare -Ur true", "unshare -Urm true", "mount -t tmpfs none /tmp"] {
            #expect(try output("! { \(script); } >/dev/null 2>&1") == "", "\(script)")
        }
        // Each ends with the number of its failure: clone, with the upper half of the flags too, clone3, setns, mount,
        // umount2, pivot_root and what came after mount.
        let calls = """
            use Errno;
            sub call { print syscall(shift, @_) >= 0 ? "0 " : $!+0, " " }
            my ($a, $b, $n) = ("tmpfs", "/tmp", 0);
            call(56, 0x10000011, 0, 0, 0, 0); call(56, 0x110000011, 0, 0, 0, 0); call(272, 0x10000000);
            call(435, $n, 0); call(308, 0, 0); call(165, $a, $b, $a, 0, 0); call(166, $b, 0); call(155, $b, $b);
            call(430, $a, 0); call(432, -1, 0, 0); call(433, -100, $b, 0); call(428, -100, $b, 1);
            call(429, -1, $a, -1, $b, 0); call(442, -1, $a, 0, $a, 0); call(467, -1, $a, 0, $a, 0);
            call(0x40000000 + 56, 0x10000011, 0, 0, 0, 0); exit 0
            """
        let numbers = try output("perl -e '\(calls)'").split(separator: " ").map(String.init)
        #expect(numbers == ["1", "1", "1", "38"] + Array(repeating: "1", count: 11) + ["38"])
    }

    /// What libraries make threads and processes with.
    @Test(arguments: SandboxUser.allCases) func threadsAndProcessesAreNotRefused(user: SandboxUser) throws {
        let script = """
            import os, subprocess, threading
            def work(): print(subprocess.check_output(["echo", "child"]).decode(), end="")
            thread = threading.Thread(target=work); thread.start(); thread.join()
            if os.fork() == 0: os._exit(3)
            print(os.waitstatus_to_exitcode(os.wait()[1]))
            """
        guard TestFiles.bytes(of: "/usr/bin/python3") != nil else { return }
        #expect(try output("/usr/bin/python3 -c '\(script)' | cat", as: user) == "child\n3\n")
    }

    @Test func whatIsTheMachinesIsReadOnlyOrHidden() throws {
        let script = """
            for file in /proc/kcore /proc/keys /proc/timer_list /proc/kpageflags /proc/kallsyms; do
                [ ! -e $file ] || [ ! -s $file ] && [ -z "$(head -c 1 $file 2>/dev/null)" ] || echo "$file"
            done
            for place in /proc/sys /proc/irq /proc/bus /proc/fs /proc/sysrq-trigger /sys; do
                [ ! -e $place ] || grep -q " $place ro," /proc/self/mountinfo || echo "$place"
            done
            find /proc -maxdepth 1 -type f -perm /222 -writable
            [ -r /proc/meminfo ] && [ -r /proc/cpuinfo ] && grep -q . /proc/mounts && echo 5 >/proc/self/oom_score_adj
            """
        #expect(try output(script) == "")
    }

    @Test(arguments: SandboxUser.allCases)
    func namespacesAreItsOwn(user: SandboxUser) throws {
        let text = try output("for n in uts ipc pid mnt net; do readlink /proc/self/ns/$n; done", as: user) {
            $0.sharesNetwork = false
        }
        let inside = Set(text.split(separator: "\n").map(String.init))
        #expect(inside.count == 5)
        for name in ["uts", "ipc", "pid", "mnt", "net"] {
            let own = try Descriptor.openDirectory("/proc/self/ns").readLink(BytePath(name)).display
            #expect(!inside.contains(own), "\(name)")
        }
    }

    @Test(arguments: SandboxUser.allCases)
    func noFileGivesRights(user: SandboxUser) throws {
        #expect(try output("grep -c 'NoNewPrivs:.1' /proc/self/status", as: user) == "1\n")
    }

    /// Through the shared network there are no files in the way of abstract sockets.
    @Test(arguments: SandboxUser.allCases)
    func abstractSocketsOfTheHostAreOutOfReach(user: SandboxUser) throws {
        let listen = """
            use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0);
            bind($s, pack_sockaddr_un("\\0moss-test-$ARGV[0]")) or die;
            listen($s, 5); $| = 1; print "up\\n"; sleep 100
            """
        let connect = """
            use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0);
            print connect($s, pack_sockaddr_un("\\0moss-test-$ARGV[0]")) ? "reached" : "refused"
            """
        try SandboxFixture.with(user) { fixture in
            let mark = fixture.directory.lastComponent
            let host = try Command("perl", ["-e", BytePath(listen), mark]).start()
            for _ in 0..<1000 where host.outputSoFar.isEmpty { pause(milliseconds: 5) }
            #expect(try Command("perl", ["-e", BytePath(connect), mark]).run().outputText == "reached")
            let inner = SandboxRequest(lower: .directory("/usr"), command: ["perl", "-e", BytePath(connect), mark])
            #expect(try fixture.run(inner).outputText == "refused")
            host.signal(9)
        }
    }

    @Test func aDirectoryOfTheHostIsNoStream() throws {
        try SandboxFixture.with(.root) { fixture in
            let request = fixture.request(script: "ls /proc/self/fd/0/")
            let script: BytePath = "exec \"$0\" \"$@\" </"
            let result = try Command("sh", ["-c", script, fixture.program] + request.arguments).run()
            #expect(result.exitCode == 125)
            #expect(result.errorText.contains("standard stream 0 is a directory"))
        }
    }

    @Test func aClosedStreamIsNobodyElses() throws {
        try SandboxFixture.with(.root) { fixture in
            let request = fixture.request(script: "ls -l /proc/self/fd >/tmp/x 2>&1; cat /tmp/x >&2")
            let script: BytePath = "exec \"$0\" \"$@\" <&- >&-"
            let result = try Command("sh", ["-c", script, fixture.program] + request.arguments).run()
            #expect(result.errorText.contains("0 -> /dev/null") && !result.errorText.contains("/fixture"))
        }
    }
}
