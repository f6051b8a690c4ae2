import BytePath
import CollectionIndex
import CollectionSettings
import Digests
import Downloads
import LinuxSystem
import PackageModel
import StoneFormat
import Storage
import TestSupport

/// Runs `body` with a root, a directory of stones and a database, which are removed afterwards.
func withRepositoryScratch<R>(_ body: (RepositoryScratch) throws -> R) throws -> R {
    try withScratchDirectory { path in try body(RepositoryScratch(path)) }
}

struct RepositoryScratch {
    let path: BytePath
    let database: Database

    init(_ path: BytePath) throws {
        self.path = path
        let directory = try Descriptor.openDirectory(path)
        for name in ["db", "root", "stones"] { try directory.makeDirectory(BytePath(name)) }
        database = try Database(at: path.appending("db"))
    }

    var stones: BytePath { path.appending("stones") }
    var root: BytePath { path.appending("root") }
    var manager: CollectionManager { CollectionManager(locally: root, database) }

    /// Writes a file below the scratch directory, making its directories.
    func write(_ bytes: [UInt8], to relative: BytePath, aged: Bool = false) throws {
        var directory = try Descriptor.openDirectory(path)
        for component in relative.parent.components {
            try directory.ensureDirectory(BytePath(component))
            directory = try directory.openDirectory(BytePath(component))
        }
        try directory.replaceFile(relative.lastComponent, with: bytes)
        if aged { try directory.setModificationTime(1_000_000_000, of: relative.lastComponent) }
    }

    func write(_ text: String, to relative: BytePath) throws { try write(Array(text.utf8), to: relative) }

    /// Writes a stone and returns its bytes.
    @discardableResult
    func stone(
        _ name: String, _ release: UInt64 = 1, needs: [String] = [], provides: [String] = [],
        summary: String = "", in directory: BytePath = "stones", file: String? = nil, aged: Bool = false
    ) throws -> [UInt8] {
        var sample = SamplePackage(
            PackageMetadata(
                name: name, version: "1.\(release)", release: release, summary: summary,
                dependencies: needs.map(capability), providers: provides.map(capability)))
        sample.add(file: BytePath("share/\(name)"), Array("\(name) \(release)".utf8))
        let bytes = try sample.stone()
        let fileName = file ?? sample.metadata.stoneFileName
        try write(bytes, to: directory.appending(fileName), aged: aged)
        return bytes
    }

    func configuration(_ id: String, uri: BytePath? = nil, priority: UInt64 = 0) throws -> CollectionConfiguration {
        CollectionConfiguration(
            id: try CollectionID(id), description: "of \(id)", uri: (uri ?? stones).display, priority: priority)
    }
}

/// The text of the repository error that `body` throws.
func repositoryFailure<R>(_ body: () throws -> R) -> String {
    do {
        return "no error, but \(try body())"
    } catch {
        return "\(error)"
    }
}

extension CollectionManager {
    /// For collections on this machine.
    init(
        locally root: BytePath, _ database: Database, notice: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.init(
            root: root, database: database, downloads: Downloader(into: DownloadDirectory { nil }), notice: notice)
    }
}
