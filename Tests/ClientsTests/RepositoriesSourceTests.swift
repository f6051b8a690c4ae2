import BytePath
import CollectionIndex
import CollectionSettings
import Downloads
import RootIndex
import Testing
import WebAddress

/// Where collections come from and who vouches for them, in files and as values.
@Suite struct RepositoriesSourceTests {
    private static let key = String(repeating: "0123456789abcdef", count: 4)
    private static let otherKey = String(repeating: "F", count: 64)

    private func configuration(_ file: BytePath, _ text: String) throws -> CollectionConfiguration {
        try withRepositoryScratch { scratch in
            try scratch.write(text, to: BytePath("root/etc/moss/repo.d").appending(file))
            return try #require(try scratch.manager.files.load().first)
        }
    }

    // MARK: Files

    @Test(arguments: [
        (
            "x.yaml",
            "site:\n  base-uri: HTTPS://Pkg.Example.org\n  version: stream/unstable\n  priority: 10\n  mirrors: [https://m.example/a, \"http://n.example/\"]\n"
                + "  keys:\n    - \(key)\n    - \(otherKey)\n  threshold: 2\n  active: false\n"
        ),
        (
            "x.kdl",
            "site {\n  base-uri \"https://pkg.example.org:443/\"\n  version \"stream/unstable\"\n  channel main\n  arch \"x86_64\"\n  priority 0xA\n"
                + "  mirrors \"https://m.example/a/\" \"http://n.example\"\n  keys \"\(key)\" \\\n  \"\(otherKey)\"\n  threshold 2\n  active false\n}\n"
        ),
    ])
    func allSettingsAreRead(file: BytePath, text: String) throws {
        let site = try configuration(file, text)
        let source = try VersionedSource(base: "https://pkg.example.org/", version: "stream/unstable")
        #expect(site.source == .versioned(source))
        #expect(site.uri == "https://pkg.example.org/ main stream/unstable x86_64" && !site.source.isLocal)
        #expect(site.mirrors.map(\.text) == ["https://m.example/a/", "http://n.example/"])
        #expect(try site.trust == .keys([CollectionKey(Self.key), CollectionKey(Self.otherKey)], threshold: 2))
        #expect(site.priority == 10 && !site.isActive && site.description == "")
    }

    @Test(arguments: [
        ("uri \"https://h/stone.index\"; base-uri \"https://h/\"", "a has a uri and a base-uri"),
        ("base-uri \"https://h/\"", "has no version"),
        ("version \"tag/a\"", "has no base-uri"),
        ("base-uri \"https://h/\"; version \"a\"", "stream/X, tag/X or history/X"),
        ("base-uri \"https://h/\"; version \"tag/a\"; channel \"a/b\"", "a channel's name"),
        ("base-uri \"https://h/\"; version \"tag/a\"; arch \"../x\"", "an architecture's name"),
        ("base-uri \"file:///srv\"; version \"tag/a\"", "https://HOST/PATH"), ("uri \"https://me:secret@h/\"", "netrc"),
        ("uri \"https://h/?a\"", "no query"),
        ("uri \"https://h/#a\"", "no fragment"), ("uri \"/srv\"; mirrors \"https://h/\"", "on this machine"),
        ("uri \"https://h/i\"; mirrors \"/srv\"", "https://HOST/PATH"),
        ("uri \"https://h/i\"; mirrors 7", "mirrors has to be a list of texts"),
        ("uri \"/x\"; keys \"12\"", "64 hexadecimal digits"), ("uri \"/x\"; keys", "threshold is how many"),
        ("uri \"/x\"; keys \"\(key)\" \"\(key)\"", "named twice"),
        ("uri \"/x\"; keys \"\(key)\"; threshold 2", "from 1 to as many as are named, here 1"),
        ("uri \"/x\"; keys \"\(key)\"; threshold 0", "from 1 to"),
        ("uri \"/x\"; threshold 1", "a threshold, but no keys"),
        ("uri \"/x\"; unsigned #true; keys \"\(key)\"", "keys and is unsigned"),
        ("uri \"/x\"; unsigned 1", "unsigned has to be true or false"),
        ("uri \"/x\" \"/y\"", "uri has to be one value"),
        ("uri #null", "uri has to be one value"), ("uri \"/x\"; uri \"/y\"", "uri comes twice"),
        ("uri \"/x\"; active #true #true", "active has to be"),
        ("uri \"/x\" a=1", "stand values only"), ("uri \"/x\" { a }", "stand values only"),
        ("uri \"/x\"; priority -1", "whole number from 0, not \"-1\""),
        ("uri \"/x\"; enabled #true", "unknown setting \"enabled\""),
    ])
    func malformedSettingsAreNamedWithTheirLine(settings: String, message: String) throws {
        let lines = (settings.contains("priority") ? "" : "priority 1; ") + settings
        let text = repositoryFailure { try configuration("x.kdl", "\n\na {\n  \(lines)\n}\n") }
        #expect(text.contains("etc/moss/repo.d/x.kdl:4: ") && text.contains(message), "\(text)")
        #expect(!text.contains("secret"))
    }

    @Test(arguments: [
        ("a 1", "x.kdl:1: the settings of a stand in braces"), ("a {\n  uri \"/x\"\n}", "x.kdl:1: a has no priority"),
        ("a {}\n", "x.kdl:1: a has no uri"),
        ("a { uri \"/x\"; priority 1; }\na { uri \"/x\"; priority 1; }", "x.kdl:2: a is defined twice"),
        ("\"../a\" { }", "x.kdl:1: \"../a\": a collection's name has"), ("a {", "x.kdl:1: this \"{\" is not closed"),
    ])
    func malformedFilesNameFileAndLine(text: String, message: String) throws {
        let failure = repositoryFailure { try configuration("x.kdl", text) }
        #expect(failure.contains(message), "\(failure)")
    }

    @Test(arguments: ["yaml", "kdl"]) func whatIsWrittenReadsBack(suffix: String) throws {
        try withRepositoryScratch { scratch in
            let file = BytePath("root/etc/moss/repo.d/all.\(suffix)")
            let id = try CollectionID("1-a")
            try scratch.write(
                suffix == "kdl" ? "\"1-a\" { uri \"/x\"; priority 1; }" : "1-a: {uri: /x, priority: 1}", to: file)
            let channel = try VersionedSource(
                base: "https://h/a", channel: "test-1", version: "history/7", architecture: "aarch64")
            let sources: [CollectionSource] = [
                .direct("/srv/a \"b\""), .direct("file:///srv/%E9"), .direct("https://h/%E9/stone.index"),
                .versioned(channel),
            ]
            let trusts = [
                nil, .unsigned, try CollectionTrust.keys([Self.key]),
                try CollectionTrust.keys([Self.key, Self.otherKey], threshold: 2),
            ]
            for source in sources {
                for trust in trusts {
                    let mirrors =
                        source.isLocal ? [] : [try WebAddress("https://m/a b/"), try WebAddress("http://n:81/")]
                    var written = CollectionConfiguration(
                        id: id, description: "a\n\"b\" {\\}\u{85}\u{202e}", source: source, mirrors: mirrors,
                        declaredTrust: trust, priority: .max, isActive: false)
                    try scratch.manager.files.store(written)
                    written.origin = scratch.path.appending(file)
                    #expect(try scratch.manager.files.load() == [written])
                }
            }
        }
    }

    // MARK: Trust

    @Test func whatComesFromElsewhereNeedsAWord() throws {
        let id = try CollectionID("a")
        for uri in ["https://h/stone.index", "http://h/stone.index", "ftp://h/x"] {
            let text = repositoryFailure { try CollectionConfiguration(id: id, uri: uri).trust }
            #expect(
                text.hasPrefix("a: nothing says who vouches") && text.contains("keys") && text.contains("unsigned"),
                "\(text)")
        }
        for uri in ["/srv", "file:///srv/stone.index"] {
            #expect(try CollectionConfiguration(id: id, uri: uri).trust == .local)
        }
        let source = CollectionSource.direct("http://h/stone.index")
        #expect(try CollectionConfiguration(id: id, source: source, declaredTrust: .unsigned).trust == .unsigned)
        // Who only lists collections or has others is not stopped by one that says nothing.
        let site = try configuration("x.yaml", "site: {uri: \"https://h/stone.index\", priority: 0}\n")
        #expect(repositoryFailure { try site.trust }.contains("etc/moss/repo.d/x.yaml"))
    }

    @Test func keysAreBytes() throws {
        #expect(
            try CollectionKey(Self.otherKey).text == Self.otherKey.lowercased()
                && CollectionKey(Self.key).bytes.prefix(2) == [0x01, 0x23])
        for text in [
            "", String(Self.key.dropLast()), Self.key + "0", "g" + Self.key.dropFirst(), "é" + Self.key.dropFirst(2),
        ] {
            #expect(throws: RepositoryError.self) { try CollectionKey(text) }
        }
    }

    // MARK: Addresses

    @Test func versionsHaveTheirAddresses() throws {
        let source = try VersionedSource(base: "https://pkg.example.org/x", version: "stream/unstable")
        #expect(source.rootIndex.text == "https://pkg.example.org/x/main/moss-root-index.json")
        let index = source.index(of: try #require(IndexIdentifier("7")))
        #expect(index.address.text == "https://pkg.example.org/x/main/history/7/x86_64/stone.index")
        #expect(
            try index.stone(at: "../../../pool/v0/n/nano/nano-1.stone").text
                == "https://pkg.example.org/x/main/pool/v0/n/nano/nano-1.stone")
        for reference in [
            "../../../../other/pool/x", "/etc/x", "https://evil.example/x", "", "..", "a/", "x?y", "..%2fx",
        ] {
            #expect(throws: RepositoryError.self, "\(reference)") { try index.stone(at: reference) }
        }
    }

    @Test func mirrorsStandForTheBase() throws {
        let mirrors = [try WebAddress("https://m/pub/y")]
        let id = try CollectionID("a")
        var site = CollectionConfiguration(id: id, source: .direct("https://h/x/stone.index"), mirrors: mirrors)
        #expect(
            site.places.map { $0.index?.address.text } == ["https://h/x/stone.index", "https://m/pub/y/stone.index"])
        #expect(try site.places[1].index?.stone(at: "../pool/a").text == "https://m/pub/pool/a")
        site.source = .versioned(try VersionedSource(base: "https://h/x/", version: "tag/a"))
        #expect(site.places.map(\.text) == ["https://h/x/ main tag/a x86_64", "https://m/pub/y/ main tag/a x86_64"])
        #expect(site.source.index == nil && CollectionSource.direct("/srv").index == nil)
    }

    @Test(arguments: [
        (
            "https://packages.aerynos.com/unstable/x86_64/stone.index",
            "https://packages.aerynos.com/ main stream/unstable x86_64"
        ),
        (
            "http://CDN.aerynos.dev/stream/volatile/x86_64/stone.index",
            "http://cdn.aerynos.dev/ main stream/volatile x86_64"
        ),
        (
            "https://dev.serpentos.com:8443/volatile/x86_64/stone.index",
            "https://dev.serpentos.com:8443/ main stream/volatile x86_64"
        ),
        ("https://packages.aerynos.com/stable/x86_64/stone.index", nil),
        ("https://packages.aerynos.com/x/unstable/x86_64/stone.index", nil),
        ("https://packages.aerynos.com/unstable/x86_64/", nil),
        ("https://aerynos.com/unstable/x86_64/stone.index", nil),
        ("https://x.packages.aerynos.com/unstable/x86_64/stone.index", nil),
    ])
    func formerAddressesHaveSuccessors(address: String, successor: String?) throws {
        #expect(
            VersionedSource.successor(of: try WebAddress(address)).map { CollectionSource.versioned($0).text }
                == successor)
    }

    @Test(arguments: [
        ("HTTPS://Example.org", "https://example.org/"), ("http://h:80/a b/stone.index", "http://h/a%20b/stone.index"),
    ])
    func addressesAreNormalised(text: String, uri: String) throws {
        #expect(try CollectionAddress.uri(text, relativeTo: "/here") == uri)
    }

    @Test(arguments: [
        "https://", "https://me:secret@h/", "https://h/?a", "https://h/#a", "http:x", "http:///x", "https://h/%2e%2e/x",
    ])
    func oddAddressesAreRefused(text: String) {
        let failure = repositoryFailure { try CollectionAddress.uri(text, relativeTo: "/here") }
        #expect(!failure.hasPrefix("no error") && !failure.contains("secret"), "\(failure)")
    }
}
