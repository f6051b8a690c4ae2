import BytePath
import LinuxSystem
import Sandbox
import TestSupport
import Testing

/// A command whose caller has a terminal, which script(1) makes here, gets one of its own.
@Suite(.needsRoot)
struct SandboxTerminalTests {
    /// What a terminal shows of `line`, a shell's, in which `$S` runs moss-sandbox with the host's programs up to its
    /// `--`.
    private func shown(
        _ line: String, _ user: SandboxUser = .root, typing input: String = "", after word: String = ""
    ) throws -> String {
        try SandboxFixture.with(user) { fixture in
            let words = SandboxRequest(lower: .directory("/usr"), command: []).arguments.map(\.display)
            let start = ([fixture.program.display] + words).joined(separator: " ")
            let file = fixture.directory.appending("line.sh")
            try Descriptor.openDirectory(fixture.directory).replaceFile(
                "line.sh", with: Array("S='\(start)'\n\(line)\n".utf8), mode: 0o755)
            // Standard input stays open, since its end would be typed as well.
            let script: BytePath = """
                keys() {
                    [ -z "$2" ] || until grep -q "$2" "$3" 2>/dev/null; do sleep 0.05; done
                    printf "$1"; until [ -e "$3.end" ]; do sleep 0.05; done
                }
                script -qefc "bash $4; : >$3.end" "$3" < <(keys "$@") >/dev/null; cat "$3"
                """
            let shown = BytePath(user == .root ? "\(fixture.directory)/shown" : "\(fixture.keep)/shown")
            let arguments: [BytePath] = ["-c", script, "bash", BytePath(input), BytePath(word), shown, file]
            let command = fixture.command("bash", arguments)
            let text = String(decoding: try command.run().output.filter { $0 != 13 }, as: UTF8.self)
            // Without script(1)'s own first and last lines.
            var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            lines.removeAll { $0.hasPrefix("Script ") }
            while lines.last?.isEmpty == true { lines.removeLast() }
            return lines.joined(separator: "\n") + "\n"
        }
    }

    @Test(arguments: SandboxUser.allCases)
    func itIsNotTheCallers(user: SandboxUser) throws {
        let inner = "bash -c 'tty; stty size; echo /dev/pts/*; ls /dev/console; ps -o sid= -p $$'"
        let text = try shown("stty rows 41 cols 77; $S \(inner)", user)
        #expect(text.contains("/dev/pts/0\n41 77\n/dev/pts/0 /dev/pts/ptmx\n/dev/console\n"), "\(text)")
        #expect(text.hasSuffix(" 2\n"), "\(text)")
    }

    @Test(arguments: SandboxUser.allCases)
    func nobodyTypesIntoTheCallers(user: SandboxUser) throws {
        let typing = "my $c = \"x\"; open(my $f, \"+<&=\", $_); print ioctl($f, 0x5412, $c) ? \"typed\" : \"refused\""
        let push = "perl -e 'for (0..2) { \(typing), \" \" }'"
        let text = try shown("$S \(push); echo; read -t 1 -n 1 key; echo \"key=[$key]\"", user)
        #expect(text.contains("refused refused refused"), "\(text)")
        #expect(text.contains("key=[]"), "\(text)")
    }

    @Test(arguments: SandboxUser.allCases)
    func whatIsTypedArrives(user: SandboxUser) throws {
        let line = "$S bash -c 'read line; echo \"got $line\"; exit 9'; echo \"end $?\""
        let text = try shown(line, user, typing: "some words\\n")
        #expect(text.contains("got some words\n"), "\(text)")
        #expect(text.contains("end 9\n"), "\(text)")
    }

    /// Typed there, it is a signal to the command and nobody else.
    @Test(arguments: SandboxUser.allCases)
    func interruptsReachTheCommand(user: SandboxUser) throws {
        let inner = "bash -c 'trap \"echo caught; exit 7\" INT; echo prepared; while :; do sleep 0.05; done'"
        // The key comes once the command has said that it is there.
        let text = try shown("$S \(inner); echo \"end $?\"", user, typing: "\\003", after: "prepared")
        #expect(text.contains("caught\n") && text.contains("end 7\n"), "\(text)")
    }

    @Test(arguments: ["true", "exit 3", "kill -9 $$", "stty raw -echo", "no-such-program"])
    func modesAreAsBefore(inner: String) throws {
        let text = try shown("a=$(stty -g); $S bash -c '\(inner)'; [ \"$a\" = \"$(stty -g)\" ] && echo same")
        #expect(text.contains("same\n"), "\(text)")
    }

    @Test func modesAreAsBeforeWhenItIsKilled() throws {
        let line = """
            a=$(stty -g); ( while [ "$a" = "$(stty -g)" ]; do sleep 0.05; done; pkill -9 -x moss-sandbox -P $$ ) &
            $S sleep 1000
            for n in 1 2 3 4 5 6 7 8 9; do [ "$a" != "$(stty -g)" ] || { echo same; break; }; sleep 0.2; done
            """
        #expect(try shown(line).contains("same\n"))
    }

    @Test(arguments: SandboxUser.allCases)
    func otherStreamsStayWhatTheyAre(user: SandboxUser) throws {
        let line = """
            echo in | $S bash -c 'cat; [ -t 0 ] || echo pipe; [ -t 1 ] && echo terminal'
            $S bash -c 'echo out' | cat
            """
        let text = try shown(line, user)
        for word in ["in\n", "pipe\n", "terminal\n", "out\n"] { #expect(text.contains(word), "\(text)") }
    }

    @Test(arguments: SandboxUser.allCases)
    func allOutputArrives(user: SandboxUser) throws {
        let text = try shown("$S bash -c 'for ((n = 0; n < 20000; n++)); do echo line $n; done'", user)
        #expect(text.split(separator: "\n").filter { $0.hasPrefix("line ") }.count == 20000)
        #expect(text.hasSuffix("line 19999\n"))
    }

    /// Without a terminal among its streams it has a session of its own all the same.
    @Test(arguments: SandboxUser.allCases)
    func withoutOneThereIsASession(user: SandboxUser) throws {
        let look = "perl -e 'open(my $f, \"+<\", \"/dev/tty\") or print \"none\"'"
        let text = try shown("$S \(look) </dev/null 2>&1 | cat", user)
        #expect(text.contains("none"), "\(text)")
    }
}
