import BytePath
import LinuxSystem
import TestSupport
import Testing

/// What `repo add` takes for a source, and what `repo list` says of one.
@Suite struct RepoSourceTests {
    private static let key = BytePath(String(repeating: "0123456789abcdef", count: 4))

    @Test func whatComesFromElsewhereNeedsAWord() throws {
        try MossFixture.run { fixture in
            try fixture.succeed("init")
            for arguments: [BytePath] in [["http://h/stone.index"], ["https://h/", "--version", "stream/a"]] {
                let result = try fixture.command(["repo", "add", "a"] + arguments).run()
                #expect(result.end == .exited(2), "\(result.errorText)")
                #expect(
                    result.errorText.contains("--key") && result.errorText.contains("--unsigned"), "\(result.errorText)"
                )
            }
            #expect(try !fixture.exists("etc/moss/repo.d/a.yaml"))
        }
    }

    @Test func optionsThatMakeNoSenseAreRefused() throws {
        try MossFixture.run { fixture in
            try fixture.succeed("init")
            let usage: [([BytePath], String)] = [
                (["https://h/i", "--key", Self.key, "--unsigned"], "not both"),
                (["https://h/i", "--threshold", "1", "--unsigned"], "--threshold counts keys"),
                (["/x", "--mirror", "https://h/"], "on this machine"),
                (["https://h/", "--channel", "main", "--unsigned"], "with a version only"),
                (["https://h/", "--root-index", "channel=main", "--unsigned"], "with a version only"),
                (["https://h/", "--root-index", "", "--unsigned"], "with a version only"),
                (
                    ["https://h/", "--root-index", "version=tag/a,version=tag/b", "--unsigned"],
                    "version is given twice"
                ),
                (
                    ["https://h/", "--version", "tag/a", "--root-index", "version=tag/a", "--unsigned"],
                    "version is given twice"
                ),
                (["https://h/", "--root-index", "colour=red", "--unsigned"], "expected version=…"),
            ]
            for (arguments, words) in usage {
                let text = try fixture.command(["repo", "add", "a"] + arguments).run()
                #expect(text.end == .exited(2) && text.errorText.contains(words), "\(arguments): \(text.errorText)")
            }
            let values: [([BytePath], String)] = [
                (["https://me:secret@h/i", "--unsigned"], "netrc"),
                (["https://h/", "--version", "a", "--unsigned"], "stream/X"),
                (["https://h/i", "--key", "12"], "64 hexadecimal digits"),
                (["https://h/i", "--key", Self.key, "--threshold", "2"], "from 1 to"),
                (["https://h/i", "--unsigned", "--mirror", "/srv"], "https://HOST/PATH"),
            ]
            for (arguments, words) in values {
                let text = try fixture.command(["repo", "add", "a"] + arguments).run()
                #expect(text.end == .exited(1) && text.errorText.contains(words), "\(arguments): \(text.errorText)")
                #expect(!text.errorText.contains("secret"))
            }
            #expect(try !fixture.exists("etc/moss/repo.d/a.yaml"))
        }
    }

    @Test func listsSayWhereFromAndWhoVouches() throws {
        try MossFixture.run { fixture in
            try fixture.prepare()
            let text = """
                site {
                    base-uri "https://pkg.example.org"
                    version "stream/unstable"
                    mirrors "https://m.example/a"
                    keys "\(Self.key)" "\(String(repeating: "f", count: 64))"
                    priority 10
                }
                open { uri "http://h/stone.index"; unsigned #true; priority 5; active #false; }
                bare { uri "https://h/stone.index"; priority 1; }
                """
            try Descriptor.openDirectory(fixture.root.appending("etc/moss/repo.d")).replaceFile(
                "x.kdl", with: Array(text.utf8))
            let lines = try fixture.succeed("repo", "list").split(separator: "\n").map {
                $0.split(separator: " ").joined(separator: " ")
            }
            #expect(
                lines == [
                    "site priority 10 never read signed by 1 of 2 keys https://pkg.example.org/ main stream/unstable x86_64 or https://m.example/a/",
                    "open priority 5 never read unsigned http://h/stone.index (disabled)",
                    "bare priority 1 never read no keys https://h/stone.index",
                    "tests priority 0 0 packages local \(fixture.stones)",
                ])
            let collections = try #require(
                try fixture.json("repo list", "repo", "list")["collections"] as? [[String: Any]])
            #expect(
                collections.compactMap { ($0["trust"] as? [String: Any])?["kind"] as? String } == [
                    "keys", "unsigned", "unknown", "local",
                ])
            #expect((collections[0]["trust"] as? [String: Any])?["threshold"] as? Int == 1)
            #expect(collections[0]["mirrors"] as? [String] == ["https://m.example/a/"])
            let channel = collections[0]["channel"] as? [String: String]
            #expect(
                channel == [
                    "base": "https://pkg.example.org/", "name": "main", "version": "stream/unstable",
                    "architecture": "x86_64",
                ])
            #expect(collections[3]["channel"] == nil && collections[3]["uri"] as? String == fixture.stones.display)
        }
    }
}
