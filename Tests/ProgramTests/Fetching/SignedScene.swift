import BytePath
import Digests
import Glibc
import LinuxSystem
import PackageModel
import Signatures
import StoneFormat
import TestSupport
import Testing
import Trust

/// A signed collection in the memory of a server, of which everything can be made wrong, and a root that trusts it.
struct SignedScene: Sendable {
    static let day: UInt64 = 86_400

    let root: CommandRoot
    let server: HostileServer
    private(set) var packages: [SamplePackage]

    static var now: UInt64 { UInt64(time(nil)) }

    static func secret(_ number: UInt8) throws -> SecretKey {
        try #require(SecretKey(bytes: [UInt8](repeating: number, count: 32)))
    }

    static func key(_ number: UInt8) throws -> KeySet.Key { KeySet.Key(try secret(number).publicKey) }

    /// Some that the root trusts, so many of which have to sign.
    init(in scratch: BytePath, offering packages: [SamplePackage], keys: [UInt8] = [1], threshold: Int = 1) throws {
        root = CommandRoot(at: scratch)
        self.packages = packages
        server = try HostileServer([:])
        try root.done("init")
        for place in ["etc", "etc/moss"] {
            let path = root.root.appending(BytePath(place))
            try Descriptor.openDirectory(path.parent).ensureDirectory(path.lastComponent)
        }
        try Descriptor.openDirectory(root.root.appending("etc/moss")).replaceFile(
            "fetch.yaml", with: Array((ServedRoot.impatience + "\n").utf8))
        try put(serial: 1, by: Array(keys.prefix(threshold)))
        var command: [BytePath] = ["repo", "add", "test", BytePath(server.url("stone.index"))]
        for key in keys { command += ["--key", BytePath(try Self.secret(key).publicKey.hexadecimal)] }
        try root.command(command + ["--threshold", BytePath("\(threshold)")]).runSuccessfully()
    }

    /// The index as it is published.
    func index(_ change: (inout PackageMetadata) -> Void = { _ in }) throws -> [UInt8] {
        try StoneIndex.encode(
            repository: try packages.map { package in
                var metadata = package.metadata
                let stone = try package.stone()
                metadata.hash = stone.withUnsafeBytes { PackageID(hashing: $0) }
                metadata.downloadSize = UInt64(stone.count)
                metadata.uri = package.metadata.stoneFileName
                change(&metadata)
                return metadata
            })
    }

    static func file(_ path: String, _ bytes: [UInt8], size: UInt64? = nil) -> CollectionManifest.File {
        .init(
            path: path, sha256: bytes.withUnsafeBytes { SHA256Digest(hashing: $0) }, size: size ?? UInt64(bytes.count))
    }

    /// Puts everything onto the server: stones, index, and a manifest as it is asked for.
    @discardableResult
    func put(
        serial: UInt64, created: UInt64 = now - day, expires: UInt64 = now + 30 * day, keySet: UInt64 = 0,
        collection: String = "demo", index other: [UInt8]? = nil, by keys: [UInt8] = [1]
    ) throws -> [UInt8] {
        for package in packages { server.put("/\(package.metadata.stoneFileName)", try package.stone()) }
        let index = try other ?? index()
        let file = Self.file("by-hash/\(serial).index", index)
        server.put("/\(file.path)", index)
        let manifest = try CollectionManifest(
            collection: collection, serial: serial, created: created, expires: expires, keySet: keySet, index: file)
        let envelope = try Signer(keys.map(Self.secret)).sign(manifest.payload, type: .collection)
        server.put("/\(CollectionManifest.fileName)", envelope)
        return envelope
    }

    mutating func offer(_ packages: [SamplePackage]) { self.packages = packages }

    /// Runs a command that has to fail with this code and change nothing.
    func expect(
        _ code: String, _ arguments: BytePath..., naming word: String = "",
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let before = try root.done("list", "available")
        let result = try root.command(["-y", "--json"] + arguments).run()
        #expect(result.end == .exited(1), "\(result.outputText)", sourceLocation: location)
        #expect(result.outputText.contains("\"\(code)\""), "\(result.outputText)", sourceLocation: location)
        #expect(result.outputText.contains(word), "\(result.outputText)", sourceLocation: location)
        #expect(try root.done("list", "available") == before, sourceLocation: location)
    }
}
