import BytePath
import JSON
import LinuxSystem
import Signatures
import TestSupport
import Testing
import Trust

private typealias Fixture = TrustFixture

/// Secret keys as files.
@Suite struct TrustKeyFileTests {
    private let passphrase = Array("correct horse".utf8)

    private func sealed() throws -> SecretKeyFile {
        try SecretKeyFile(making: "me", comment: "of the tests", passphrase: passphrase, iterations: 100_000)
    }

    @Test func aPassphraseOpensIt() throws {
        let made = try sealed()
        let read = try SecretKeyFile(reading: made.text, file: "me")
        #expect(read.isEncrypted && read.publicKey == made.publicKey && read.comment == "of the tests")
        let key = try read.unlock(file: "me", passphrase: passphrase)
        #expect(key.publicKey == made.publicKey && made.publicKey.verify(key.sign([1]), of: [1]))
        #expect(!String(decoding: made.text, as: UTF8.self).contains(Hexadecimal.encode(key.bytes)))
        for wrong in [nil, [], Array("Correct horse".utf8), passphrase + [1]] as [[UInt8]?] {
            Fixture.expect(.wrongPassphrase) { try read.unlock(file: "me", passphrase: wrong) }
        }
        #expect(try sealed().publicKey != made.publicKey)
    }

    @Test func withoutOneItIsOpen() throws {
        let made = try SecretKeyFile(making: "me", comment: nil, passphrase: nil)
        let read = try SecretKeyFile(reading: made.text, file: "me")
        #expect(!read.isEncrypted && read.comment == nil)
        #expect(try read.unlock(file: "me", passphrase: nil).publicKey == made.publicKey)
    }

    @Test(arguments: [0, 1, 7, 1025, 5000]) func passphrasesOfUnusualLength(count: Int) {
        Fixture.expect(.invalidRequest, saying: "8 to 1024") {
            try SecretKeyFile(making: "me", comment: nil, passphrase: [UInt8](repeating: 65, count: count))
        }
    }

    @Test func filesThatAreNone() throws {
        let made = try sealed().text
        let other = try Fixture.secret(1).publicKey.hexadecimal
        let sealedMembers = try #require(try JSONValue.read(made).member("sealed")).members()
        func with(_ name: String, _ value: JSONValue) -> JSONValue {
            .object(sealedMembers.merging([name: value]) { $1 })
        }
        let changes: [[String: JSONValue?]] = [
            ["type": .string("x")], ["version": .number("2")], ["public": .string("00")], ["public": nil],
            ["more": .null], ["sealed": nil], ["secret": .string(String(repeating: "0", count: 64))],
            ["sealed": nil, "secret": .string(String(repeating: "0", count: 64))],
            ["sealed": with("iterations", .number("99999"))], ["sealed": with("iterations", .number("4294967295"))],
            ["sealed": with("iterations", .number("4294967296"))], ["sealed": with("cipher", .string("none"))],
            ["sealed": with("derivation", .string("none"))], ["sealed": with("salt", .string("00"))],
            ["sealed": with("nonce", .string(""))], ["sealed": with("content", .string("00"))],
            ["sealed": with("more", .null)],
        ]
        for change in changes {
            let text = try Fixture.changed(made, change)
            Fixture.expect(.malformed) { try SecretKeyFile(reading: text, file: "me") }
        }
        for text in [[], Array("{}".utf8), Array("-----BEGIN PRIVATE KEY-----".utf8)] {
            Fixture.expect(.malformed) { try SecretKeyFile(reading: text, file: "me") }
        }
        // Another public key does not get this secret.
        let exchanged = try SecretKeyFile(
            reading: Fixture.changed(made, ["public": .string(other)]), file: "me")
        Fixture.expect(.wrongPassphrase) { try exchanged.unlock(file: "me", passphrase: passphrase) }
    }

    // MARK: The directory

    private func plain() throws -> SecretKeyFile { try SecretKeyFile(making: "me", comment: nil, passphrase: nil) }

    @Test func keysAreTheirOwnersOnly() throws {
        try withScratchDirectory { scratch in
            let directory = KeyDirectory(scratch.appending("config/moss/keys"))
            #expect(try directory.names() == [])
            Fixture.expect(.notFound, saying: "there are none") { try directory.load("me") }
            let key = try plain()
            let path = try directory.add(key, as: "me")
            #expect(path == scratch.appending("config/moss/keys/me.json"))
            let top = try Descriptor.openDirectory(scratch)
            for name in ["config", "config/moss", "config/moss/keys"] as [BytePath] {
                #expect(try top.status(of: name).permissions == 0o700)
            }
            #expect(try top.status(of: "config/moss/keys/me.json").permissions == 0o600)
            #expect(try directory.names() == ["me"])
            #expect(try directory.load("me").publicKey == key.publicKey)
            // Never another in its place.
            Fixture.expect(.exists) { try directory.add(plain(), as: "me") }
            #expect(try directory.load("me").publicKey == key.publicKey)
            #expect(try top.openDirectory("config/moss/keys").entries().map(\.name) == ["me.json"])
            Fixture.expect(.notFound, saying: "there are: me") { try directory.load("you") }
            for name in ["", ".", "..", "a/b", "a.b", "-a", String(repeating: "a", count: 65)] {
                Fixture.expect(.invalidRequest) { try directory.add(plain(), as: name) }
            }
        }
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o660, 0o601, 0o610, 0o666, 0o777] as [UInt32])
    func whatOthersMayUseIsRefused(mode: UInt32) throws {
        try withScratchDirectory { scratch in
            let directory = KeyDirectory(scratch)
            let path = try directory.add(plain(), as: "me")
            let top = try Descriptor.openDirectory(scratch)
            try top.setMode(mode, of: "me.json")
            Fixture.expect(.unsafeKeyFile, saying: "mode 0\(String(mode, radix: 8))") { try directory.load("me") }
            try top.makeSymlink("link.json", to: "me.json")
            Fixture.expect(.unsafeKeyFile) { try KeyDirectory.load(file: scratch.appending("link.json")) }
            for good: UInt32 in [0o600, 0o400] {
                try top.setMode(good, of: "me.json")
                _ = try directory.load("me")
                _ = try KeyDirectory.load(file: path)
                _ = try KeyDirectory.load(file: scratch.appending("link.json"))
            }
        }
    }

    @Test(.needsRoot) func anothersKeyIsRefused() throws {
        try withScratchDirectory { scratch in
            let directory = KeyDirectory(scratch)
            _ = try directory.add(plain(), as: "me")
            try Descriptor.openDirectory(scratch).setOwner(uid: 65534, gid: 0, of: "me.json")
            Fixture.expect(.unsafeKeyFile, saying: "65534") { try directory.load("me") }
        }
    }

    @Test func whatIsNoFileIsNotOpened() throws {
        try withScratchDirectory { scratch in
            try Command("mkfifo", [scratch.appending("fifo")]).runSuccessfully()
            for path in [scratch.appending("fifo"), scratch, "/dev/null"] as [BytePath] {
                Fixture.expect(.system) { try KeyDirectory.load(file: path) }
            }
            Fixture.expect(.notFound) { try KeyDirectory.load(file: scratch.appending("none")) }
            try Descriptor.openDirectory(scratch).replaceFile(
                "long", with: [UInt8](repeating: 32, count: 20 << 10), mode: 0o600)
            Fixture.expect(.system) { try KeyDirectory.load(file: scratch.appending("long")) }
        }
    }

    @Test(arguments: ["stone.index", "moss-collection.json"] as [BytePath])
    func noKeyIsMadeWhereACollectionIs(name: BytePath) throws {
        try withScratchDirectory { scratch in
            let top = try Descriptor.openDirectory(scratch)
            try top.makeDirectory("collection")
            try top.makeDirectory("collection/below")
            try top.openDirectory("collection").replaceFile(name, with: [])
            try top.makeSymlink("link", to: "collection/below")
            for path in ["collection", "collection/keys", "collection/below/a/b", "link", "link/keys"] as [BytePath] {
                Fixture.expect(.insideCollection, saying: name.display) {
                    try KeyDirectory(scratch.appending(path)).add(plain(), as: "me")
                }
            }
            #expect(try top.openDirectory("collection").entries().count == 2)
            #expect(try top.openDirectory("collection/below").entries().isEmpty)
        }
    }

    @Test func whereKeysAre() throws {
        #expect(try KeyDirectory(configuration: "/c", home: "/h").path == "/c/moss/keys")
        for other in [nil, "", "c"] as [BytePath?] {
            #expect(try KeyDirectory(configuration: other, home: "/h").path == "/h/.config/moss/keys")
        }
        Fixture.expect(.invalidRequest) { try KeyDirectory(configuration: nil, home: nil) }
    }
}
