import BytePath
import Foundation
import LinuxSystem
import TestSupport
import Testing

/// `moss key`: from the first key to the third set, with several people.
@Suite struct KeyCommandTests {
    private func run(
        _ fixture: MossFixture, _ arguments: BytePath..., input: String? = nil, exit: Int32 = 0,
        _ location: SourceLocation = #_sourceLocation
    ) throws -> CommandResult {
        try run(fixture, arguments, input: input, exit: exit, location)
    }

    private func run(
        _ fixture: MossFixture, _ arguments: [BytePath], input: String? = nil, exit: Int32 = 0,
        _ location: SourceLocation = #_sourceLocation
    ) throws -> CommandResult {
        var command = try BuiltProduct.moss.command(["key"] + arguments)
        command.environment = ["PATH": "/usr/bin:/bin", "HOME": fixture.scratch.appending("home").display]
        command.directory = fixture.scratch
        if let input { command.input = Array(input.utf8) }
        let result = try command.run()
        #expect(result.end == .exited(exit), "\(result.outputText)\(result.errorText)", sourceLocation: location)
        return result
    }

    private func json(_ result: CommandResult) throws -> [String: Any] {
        let document = try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any]
        #expect(document?["schema"] as? String == "moss/1")
        return try #require((document?["data"] ?? document?["error"]) as? [String: Any], "\(result.outputText)")
    }

    /// A key without passphrase: its public key and id.
    private func make(_ fixture: MossFixture, _ name: BytePath) throws -> (key: BytePath, id: BytePath) {
        let made = try json(run(fixture, "create", name, "--unencrypted", "--json"))
        return (
            BytePath(try #require(made["public_key"] as? String)), BytePath(try #require(made["id"] as? String))
        )
    }

    @Test func aKeyIsMadeShownAndListed() throws {
        try MossFixture.run { fixture in
            let made = try run(
                fixture, "create", "me", "--passphrase-fd", "0", "--comment", "mine", input: "correct horse\n")
            let path = fixture.scratch.appending("home/.config/moss/keys/me.json")
            #expect(made.outputText.hasPrefix("me: \(path)\n"))
            #expect(try Descriptor.open(path).status().permissions == 0o600)
            let shown = try run(fixture, "show", "me").outputText
            #expect(shown.count == 65 && made.outputText.contains("public key  \(shown)"))
            let open = try run(fixture, "create", "bare", "--unencrypted")
            #expect(open.errorText.contains("whoever can read"))
            #expect(try run(fixture, "create", "me", "--unencrypted", exit: 1).errorText.contains("there is a key"))
            try Descriptor.openDirectory(path.parent).replaceFile("open.json", with: [], mode: 0o644)
            let list = try run(fixture, "list").outputText.split(separator: "\n")
            #expect(list.count == 3)
            #expect(list[0].hasPrefix("bare  ") && list[0].hasSuffix("not encrypted"))
            #expect(list[1].hasSuffix("encrypted  mine"))
            #expect(list[2].contains("mode 0644"))
            let keys = try #require(json(run(fixture, "list", "--json"))["keys"] as? [[String: Any]])
            #expect(keys.map { $0["is_encrypted"] as? Bool } == [false, true, nil])
            #expect((keys[2]["problem"] as? String)?.contains("0644") == true)
            #expect(try run(fixture, "show", "none", exit: 3).errorText.contains("there are: bare, me, open"))
            #expect(try run(fixture, "create", "a/b", "--unencrypted", exit: 2).errorText.contains("a key's name has"))
        }
    }

    /// Nobody to ask, no line left, a passphrase too short: nothing is made, and the reason is said.
    @Test func withoutAPassphraseThereIsNoKey() throws {
        try MossFixture.run { fixture in
            #expect(try run(fixture, "create", "me", exit: 4).errorText.contains("nobody to ask"))
            #expect(try json(run(fixture, "create", "me", "--json", exit: 4))["code"] as? String == "noPassphrase")
            _ = try run(fixture, "create", "me", "--passphrase-fd", "0", input: "", exit: 4)
            #expect(
                try run(fixture, "create", "me", "--passphrase-fd", "0", input: "short\n", exit: 2).errorText.contains(
                    "8 to 1024"))
            #expect(
                try run(fixture, "create", "me", "--passphrase-fd", "77", exit: 1).errorText.contains(
                    "--passphrase-fd 77"))
            #expect(try run(fixture, "list").outputText == "")
        }
    }

    @Test func aPersonIsAskedAndNothingIsShown() throws {
        try MossFixture.run { fixture in
            // script(1) gives the command a terminal. Each answer is typed once its question is there.
            func typed(_ first: String, _ second: String, for name: String) throws -> String {
                let script: BytePath = """
                    keys() {
                        until grep -q "Passphrase of" "$1" 2>/dev/null; do sleep 0.05; done; printf "$2"
                        until grep -q "same again" "$1" || [ -e "$1.end" ]; do sleep 0.05; done; printf "$3"
                        until [ -e "$1.end" ]; do sleep 0.05; done
                    }
                    line="$4 key create $5; echo exit=\\$?; stty -a | grep -o ' -*echo '; : >$1.end"
                    script -qefc "$line" "$1" < <(keys "$@") >/dev/null; cat "$1"
                    """
                let shown = fixture.scratch.appending("shown-\(name)")
                var command = try Command(
                    "bash",
                    [
                        "-c", script, "bash", shown, BytePath(first), BytePath(second), BuiltProduct.moss.path,
                        BytePath(name),
                    ]
                )
                command.environment = ["PATH": "/usr/bin:/bin", "HOME": fixture.scratch.appending("home").display]
                let text = try command.run().outputText
                #expect(text.contains(" echo "), "\(text)")
                return text
            }
            let made = try typed("correct horse\\n", "correct horse\\n", for: "me")
            #expect(made.contains("exit=0") && !made.contains("horse"), "\(made)")
            let other = try typed("correct horse\\n", "correct house\\n", for: "you")
            #expect(other.contains("exit=4") && other.contains("two different passphrases"), "\(other)")
            let broken = try typed("corr\\003", "", for: "they")
            #expect(broken.contains("exit=4") && broken.contains("no passphrase was given"), "\(broken)")
            #expect(try run(fixture, "list").outputText.split(separator: "\n").count == 1)
        }
    }

    @Test func severalPeopleChangeTheKeys() throws {
        try MossFixture.run { fixture in
            let (one, two, three) = (try make(fixture, "one"), try make(fixture, "two"), try make(fixture, "three"))
            let keys = fixture.stones.appending("keys")
            func names() throws -> [BytePath] { try Descriptor.openDirectory(keys).entries().map(\.name).sorted() }

            #expect(
                try run(fixture, "rotate", "stones", "--add", one.key, "--key", "one", exit: 2).errorText.contains(
                    "name the collection"))
            let first = try run(
                fixture, "rotate", "stones", "--collection", "main", "--add", BytePath("\(one.key)=the first"), "--add",
                two.key, "--threshold", "2", "--key", "one")
            #expect(
                first.outputText == """
                    stones/keys/1.pending.json: signed, and more signatures are needed
                      key set 1: 1 of 2 signatures
                    `moss key sign stones/keys/1.pending.json --key NAME` adds one.

                    """)
            #expect(try names() == ["1.pending.json"])
            let useless = try run(fixture, "sign", "stones/keys/1.pending.json", "--key", "three", exit: 3)
            #expect(useless.errorText.contains("would count for nothing"))
            let wrong = try run(
                fixture, "sign", "stones/keys/1.pending.json", "--type", "moss-collection", "--key", "two", exit: 1)
            #expect(wrong.errorText.contains("this is no moss-collection"))
            let second = try json(run(fixture, "sign", "stones/keys/1.pending.json", "--key", "two", "--json"))
            #expect(second["is_complete"] as? Bool == true && second["path"] as? String == "stones/keys/1.json")
            #expect(try names() == ["1.json"])

            // Both sets sign: 1 and 2 were enough for the former one, the new one needs two of 2 and 3.
            let change: [BytePath] = ["rotate", "stones", "--add", three.key, "--remove", one.id]
            let waiting = try json(run(fixture, change + ["--key", "one", "--key", "two", "--json"]))
            #expect(waiting["is_complete"] as? Bool == false)
            #expect((waiting["counts"] as? [[String: Any]])?.map { $0["signatures"] as? Int } == [2, 1])
            let other = try run(fixture, "rotate", "stones", "--threshold", "1", "--key", "one", exit: 1)
            #expect(other.errorText.contains("another change"))
            _ = try run(fixture, "sign", "stones/keys/2.pending.json", "--key", "three")
            #expect(try names() == ["1.json", "2.json"])

            // The key two was stolen.
            #expect(
                try run(fixture, "revoke", "stones", two.id, "--key", "three", exit: 2).errorText.contains("1 keys"))
            _ = try run(fixture, "revoke", "stones", two.id, "--threshold", "1", "--key", "two", "--key", "three")
            #expect(try names() == ["1.json", "2.json", "3.json"])
            #expect(
                try run(fixture, "rotate", "stones", "--add", two.key, "--key", "three", exit: 2).errorText.contains(
                    "revoked"))
            #expect(
                try run(fixture, "revoke", "stones", one.id, "--key", "one", exit: 3).errorText.contains(
                    "count for nothing"))
        }
    }

    @Test func keysFromFilesForMachines() throws {
        try MossFixture.run { fixture in
            let made = try make(fixture, "build")
            let scratch = try Descriptor.openDirectory(fixture.scratch)
            let bytes = try scratch.readFile("home/.config/moss/keys/build.json")
            try scratch.replaceFile("agent", with: bytes, mode: 0o644)
            let arguments: [BytePath] = [
                "rotate", "stones", "--collection", "main", "--add", made.key, "--key-file", "agent",
            ]
            let refused = try run(fixture, arguments, exit: 1)
            #expect(refused.errorText.contains("mode 0644"))
            #expect(try scratch.statusIfPresent(of: "stones/keys") == nil)
            try scratch.setMode(0o600, of: "agent")
            _ = try run(fixture, arguments)
            #expect(try scratch.statusIfPresent(of: "stones/keys/1.json") != nil)
        }
    }

    @Test func passphrasesComeInTheOrderOfTheKeys() throws {
        try MossFixture.run { fixture in
            for (name, passphrase) in [("one", "passphrase one\n"), ("two", "passphrase two\n")] {
                _ = try run(fixture, "create", BytePath(name), "--passphrase-fd", "0", input: passphrase)
            }
            let key = BytePath(try run(fixture, "show", "one").outputText.filter { $0 != "\n" })
            let other = BytePath(try run(fixture, "show", "two").outputText.filter { $0 != "\n" })
            func rotate(_ input: String, exit: Int32) throws -> CommandResult {
                try run(
                    fixture, "rotate", "stones", "--collection", "main", "--add", key, "--add", other, "--key", "one",
                    "--key", "two", "--passphrase-fd", "0", input: input, exit: exit)
            }
            #expect(try rotate("passphrase two\npassphrase one\n", exit: 1).errorText.contains("does not open it"))
            #expect(try rotate("passphrase one\n", exit: 4).errorText.contains("no line left"))
            _ = try rotate("passphrase one\npassphrase two\n", exit: 0)
        }
    }

    @Test func usage() throws {
        try MossFixture.run { fixture in
            _ = try run(fixture, exit: 2)
            _ = try run(fixture, "sign", "stones", exit: 2)
            _ = try run(fixture, "rotate", "stones", "--add", "00", "--key", "x", exit: 2)
            _ = try run(fixture, "revoke", "stones", "xyz", "--key", "x", exit: 2)
            #expect(try run(fixture, "sign", "stones", "--key", "none", exit: 3).errorText.contains("there are none"))
            #expect(try run(fixture, "rotate", "--help").outputText.contains("--reset-serial"))
        }
    }
}
