import BytePath
import LinuxSystem
import Sandbox
import TestSupport
import Testing

/// What a command sees in a sandbox, and that what it writes stays there.
@Suite(.needsRoot)
struct SandboxRootTests {
    @Test(arguments: SandboxUser.allCases)
    func theRootHasWhatProgramsExpect(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            #expect(
                try fixture.output(script: "cd /; echo *") == "bin dev etc lib lib64 proc root run sys tmp usr var\n")
            #expect(try fixture.output(script: "readlink /bin /lib /lib64") == "usr/bin\nusr/lib\nusr/lib64\n")
            let devices = "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero\n"
            #expect(try fixture.output(script: "cd /dev; echo *") == devices)
            let modes = try fixture.output(script: "stat -c %a / /tmp /var/tmp /dev/shm /root /run /usr /etc")
            #expect(modes == "755\n1777\n1777\n1777\n700\n755\n755\n755\n")
            let script = """
                set -e; echo x >/dev/null; read -r -N 4 x </dev/urandom; echo y >/dev/shm/y; [ -e /sys/kernel ]
                for d in /tmp /var/tmp /run /var /root /usr /; do echo z >$d/z; done; ! touch /sys/q 2>/dev/null
                """
            #expect(try fixture.output(script: script) == "")
        }
    }

    @Test func loaderLinksFollowThePackagesLayout() throws {
        try SandboxFixture.with(.root) { fixture in
            let script: BytePath = "set -e; cd \"$1\"; mv lib64/* lib/; rmdir lib64; ln -s lib lib32"
            try Command("sh", ["-c", script, "sh", fixture.lower]).runSuccessfully()
            #expect(try fixture.output(script: "readlink /lib64 /lib32") == "usr/lib\nusr/lib32\n")
        }
    }

    @Test(arguments: SandboxUser.allCases)
    func writesReachNeitherTheLowerTreeNorTheHost(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            let before = try TreeListing(of: fixture.lower)
            let script = """
                set -e; cd /usr/share; echo new >a; rm b; mv c d; mkdir e; rm -r old; ln -s x y; chmod 700 d
                [ ! -e b ]; [ "$(cat a)" = new ]; echo fine
                """
            #expect(try fixture.output(script: script) == "fine\n")
            #expect(try TreeListing(of: fixture.lower) == before)
            #expect(try fixture.output(script: "cat /usr/share/a") == "a\n")
        }
    }

    @Test func writesToTheHostsConfigurationAreThrownAway() throws {
        try SandboxFixture.with(.root) { fixture in
            let script = "set -e; echo x >>/etc/passwd; echo y >/etc/moss-sandbox-test; rm /etc/group; ls /etc/moss-s*"
            #expect(try fixture.output(script: script) == "/etc/moss-sandbox-test\n")
            let etc = try Descriptor.openDirectory("/etc")
            #expect(try etc.statusIfPresent(of: "moss-sandbox-test") == nil)
            #expect(try etc.statusIfPresent(of: "group") != nil)
        }
    }

    @Test(arguments: SandboxUser.allCases)
    func anEmptyConfigurationHasUsersAndHosts(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            let names = try fixture.output(script: "echo /etc/*; id -un; echo x >/etc/more") {
                $0.configuration = .empty
                $0.sharesNetwork = false
            }
            #expect(names == "/etc/group /etc/hosts /etc/nsswitch.conf /etc/passwd\nroot\n")
        }
    }

    @Test(arguments: SandboxUser.allCases)
    func aReadOnlyUsrRefusesWrites(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            var request = fixture.request(script: "cat /usr/share/a; echo x >/usr/share/a; echo y >/usr/z")
            request.isReadOnly = true
            let result = try fixture.run(request)
            #expect(result.outputText == "a\n")
            #expect(result.errorText.contains("/usr/share/a: Read-only file system"))
            #expect(result.errorText.contains("/usr/z: Read-only file system"))
        }
    }

    @Test(arguments: SandboxUser.allCases)
    func bindsShowTheHostsFiles(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            let plain = fixture.directory.appending("plain")
            let script = """
                exec 2>/dev/null; cat /a/b/c/file /usr/share/new/file /f
                echo more >/a/b/c/new; echo no >/usr/share/new/x; echo no >/f; [ -d /a/b/c ]
                """
            let text = try fixture.output(script: script) {
                $0.binds = [
                    .init(plain, to: "/a/b//c/"), .init(plain, to: "/usr/share/new", isReadOnly: true),
                    .init(plain.appending("file"), to: "/f", isReadOnly: true),
                ]
            }
            #expect(text == "host\nhost\nhost\n")
            let host = try Descriptor.openDirectory(plain)
            #expect(try host.readFile("new") == Array("more\n".utf8))
            #expect(try host.readFile("file") == Array("host\n".utf8))
            #expect(try host.entries().count == 2)
        }
    }

    /// A link of the candidate must not lead the making of a bind's place out of the sandbox.
    @Test func bindsFollowLinksInsideOnly() throws {
        try SandboxFixture.with(.root) { fixture in
            try Descriptor.openDirectory(fixture.lower.appending("share")).makeSymlink("out", to: "/out")
            let plain = fixture.directory.appending("plain")
            let text = try fixture.output(script: "cat /usr/share/out/x/file; echo /out/*") {
                $0.binds = [.init(plain, to: "/out/y"), .init(plain, to: "/usr/share/out/x")]
            }
            #expect(text == "host\n/out/x /out/y\n")
            #expect(try Descriptor.openDirectory("/").statusIfPresent(of: "out") == nil)
        }
    }

    @Test(arguments: SandboxUser.allCases)
    func oddNamesWork(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            let odd = BytePath(bytes: Array("a,b:c\\d e\"{ready}".utf8) + [0xff, 0x0a, 0x78])
            let kept = BytePath(bytes: odd.bytes + [0x2c])
            let directory = try Descriptor.openDirectory(fixture.directory)
            try directory.rename("lower", to: odd)
            try directory.rename("keep", to: kept)
            var request = fixture.request(script: "cat /usr/share/a; echo x >/usr/share/z; cat \"$1/file\"")
            request.command += ["bash", BytePath("/").appending(odd)]
            request.lower = .directory(fixture.directory.appending(odd))
            request.keep = fixture.directory.appending(kept)
            request.binds = [.init(fixture.directory.appending("plain"), to: BytePath("/").appending(odd))]
            let result = try fixture.run(request)
            #expect(result.outputText == "a\nhost\n", "\(result.errorText)")
            #expect(try directory.readFile(kept.appending("usr/share/z")) == Array("x\n".utf8))
        }
    }

    @Test(arguments: SandboxUser.allCases)
    func theNetworkCanBeLeftOut(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            let own = try Descriptor.openDirectory("/proc/self").readLink("ns/net").display + "\n"
            #expect(try fixture.output(script: "readlink /proc/self/ns/net") == own)
            let text = try fixture.output(script: "readlink /proc/self/ns/net; cat /proc/net/dev") {
                $0.sharesNetwork = false
            }
            #expect(!text.hasPrefix(own))
            #expect(text.split(separator: "\n").dropFirst(3).map { $0.prefix { $0 != ":" } } == ["    lo"])
        }
    }
}
