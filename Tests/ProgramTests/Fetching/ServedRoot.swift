import BytePath
import Glibc
import LinuxSystem
import PackageModel
import TestSupport

/// A root whose only collection is on a server that does as the test says.
struct ServedRoot: Sendable {
    let root: CommandRoot
    let server: HostileServer

    /// Impatient, so that tests are quick.
    static let impatience = """
        connect-seconds: 2
        stall-seconds: 2
        slow-bytes: 1000
        tries: 3
        wait-milliseconds: 5
        """

    /// - Parameter options: of `repo add`.
    init(
        in scratch: BytePath, offering packages: [SamplePackage], settings: String = impatience,
        _ options: [BytePath] = ["--unsigned"]
    ) throws {
        root = CommandRoot(at: scratch)
        let directory = try Descriptor.openDirectory(scratch)
        try directory.ensureDirectory("stones")
        for package in packages { try root.publish(package) }
        server = try HostileServer(directory: root.stones)
        try root.done("init")
        try Descriptor.openDirectory(root.root).ensureDirectory("etc")
        try Descriptor.openDirectory(root.root.appending("etc")).ensureDirectory("moss")
        try Descriptor.openDirectory(root.root.appending("etc/moss")).replaceFile(
            "fetch.yaml", with: Array((settings + "\n").utf8))
        try root.done("index", root.stones)
        try root.command(["repo", "add", "test", BytePath(server.url("stone.index"))] + options).runSuccessfully()
    }

    /// The path of a package's stone on the server.
    static func path(_ package: SamplePackage) -> String { "/\(package.metadata.stoneFileName)" }

    /// Bytes of bodies that went out for a path.
    func bytesSent(_ path: String) -> Int { server.log(of: path).reduce(0) { $0 + $1.bodyBytesSent } }
}

/// A package with one large file that does not compress.
func largePackage(_ name: String, release: UInt64 = 1, byteCount: Int = 3 << 20) -> SamplePackage {
    var package = SamplePackage(name: name, version: "1.\(release)", release: release)
    var generator = SeededGenerator(seed: UInt64(name.utf8.reduce(0) { $0 * 31 + Int($1) }) + release)
    let bytes = (0..<byteCount / 8).flatMap { _ in
        withUnsafeBytes(of: UInt64.random(in: 0 ... .max, using: &generator)) { Array($0) }
    }
    package.add(file: BytePath("lib/\(name)"), bytes)
    return package
}
