import BytePath
import CommandLineSupport
import MossCommands
import Testing

@Suite struct CommandLineFormTests {
    private func check(_ line: String, _ expected: String) {
        let words = line.split(separator: " ").map { String($0) }
        let form = Result { () throws(CommandLineForm.Problem) in try CommandLineForm.rewritten(words) }
        #expect(form == .success(expected.split(separator: " ").map { String($0) }), "\(line)")
    }

    private func refuse(_ line: String, saying words: String...) {
        let arguments = line.split(separator: " ").map { String($0) }
        do throws(CommandLineForm.Problem) {
            let form = try CommandLineForm.rewritten(arguments)
            Issue.record("\(line) became \(form)")
        } catch {
            for word in words { #expect(error.description.contains(word), "\(line): \(error)") }
        }
    }

    @Test func globalOptionsMoveBehindTheCommand() {
        check("-D /r list installed", "list installed -D /r")
        check("-D /r -y --json list --wait installed -e", "list installed -D /r -y --json --wait -e")
        check("--directory=/r --color=never info nano", "info --directory=/r --color=never nano")
        check("-yv install nano", "install -yv nano")
        check("install -D /r nano", "install -D /r nano")
        check("repo -D /r", "repo")
        check("-yvD /r collection --json list -D /s", "collection list -yv -D /r --json -D /s")
    }

    @Test func everyShortNameOfUpstreamIsKnown() {
        check("it nano", "install nano")
        check("rm nano", "remove nano")
        check("up -u", "sync -u")
        check("li", "list installed")
        check("la", "list available")
        check("ls", "list sync")
        check("lu", "list sync --upgrade-only")
        check("sr word", "search word")
        check("sf word", "search-file word")
        check("fe nano", "fetch nano")
        check("ix .", "index .")
        check("ar main /srv", "repo add main /srv")
        check("lr", "repo list")
        check("rr main", "repo remove main")
        check("ur", "repo update")
        check("er main", "repo enable main")
        check("dr main", "repo disable main")
        check("-D /r -y it nano", "install -D /r -y nano")
    }

    @Test func shortNamesAreShortNamesInThePlaceOfTheCommandOnly() {
        check("install ls up", "install ls up")
        check("it ls", "install ls")
        check("info la", "info la")
        check("-D li it rm", "install -D li rm")
        refuse("state ls", saying: "state ls: no such command")
    }

    @Test func withoutACommandGlobalOptionsAreForNothing() {
        check("", "")
        check("-D /r", "")
        check("-D /r --json list", "list")
        check("-D /r state -y", "state")
        check("-D /r list --help", "list --help")
        check("--json --help", "--help")
        check("--help", "--help")
        check("-D /r -V", "--version")
        check("-D /r --generate-completion-script bash", "--generate-completion-script bash")
        check("-D /r help list", "help list")
        check("--unknown", "--unknown")
        check("list --unknown", "list --unknown")
    }

    @Test func whatIsWrongIsNamed() {
        refuse("nothing -D /r", saying: "nothing: no such command")
        refuse("-D /r nothing", saying: "nothing: no such command")
        refuse("--json nothing", saying: "nothing: no such command")
        refuse("-D /r list nothing", saying: "list nothing: no such command", "installed, available")
        refuse("-D /r repo -y ls", saying: "repo ls: no such command")
        refuse("-D", saying: "-D: its value is missing")
        refuse("list --color", saying: "--color: its value is missing")
        refuse("--dry-run install nano", saying: "--dry-run", "moss install --dry-run")
        refuse("-D /r --unknown li", saying: "--unknown", "moss li --unknown")
        refuse("state --keep prune", saying: "moss state prune --keep")
    }

    @Test func argumentsKeepTheirBytes() {
        for bytes: [UInt8] in [
            Array("plain".utf8), Array("ünï".utf8), [0x61, 0xff, 0x62], [0xff], [0xe2, 0x82], [0xc3, 0x28, 0x80],
            Array("ü".utf8) + [0xfe], [],
        ] {
            #expect(ArgumentText.path(ArgumentText.text(of: bytes)).bytes == bytes)
        }
    }
}

@Suite struct StateRangeTests {
    @Test func numbersAndRanges() {
        #expect(StateRange("3")?.numbers == 3...3)
        #expect(StateRange("8-12")?.numbers == 8...12)
        for text in ["", "-", "0", "3-", "-3", "5-3", "a", "1-2-3", "+1", "18446744073709551616"] {
            #expect(StateRange(text) == nil, "\(text)")
        }
    }

    @Test func rangesPassOverWhatIsNotThere() {
        #expect(StateRange("2-4")?.among([1, 3, 4, 9]) == [3, 4])
        #expect(StateRange("5-8")?.among([1]) == [])
        #expect(StateRange("5")?.among([1]) == nil)
        #expect(StateRange("1-18446744073709551615")?.among([7]) == [7])
    }
}
