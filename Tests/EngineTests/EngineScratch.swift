import BytePath
import Digests
import FileTree
import GarbageCollection
import Ingest
import LinuxSystem
import ObjectStore
import PackageCatalog
import PackageModel
import States
import Storage
import TestSupport

/// Runs `body` with a new root and its store, and checks afterwards that records and files agree.
func withEngineScratch<R>(in parent: BytePath? = nil, _ body: (EngineScratch) throws -> R) throws -> R {
    try withScratchDirectory { path in
        let scratch = try EngineScratch(parent ?? path)
        let result = try body(scratch)
        let complaints = try scratch.complaints()
        guard complaints.isEmpty else { throw Complaints(lines: complaints) }
        return result
    }
}

struct Complaints: Error, CustomStringConvertible {
    let lines: [String]
    var description: String { lines.prefix(30).joined(separator: "\n") }
}

/// A root whose engine is used directly, without a package manager above it.
struct EngineScratch {
    let path: BytePath
    let states: StateStore
    var root: BytePath { path.appending("root") }
    let database: Database
    var catalog: PackageCatalog { states.catalog }
    var objects: ObjectStore { catalog.objects }
    var ingester: Ingester { Ingester(objects) }
    var leases: Leases { Leases(objects, database) }
    var collector: GarbageCollector { GarbageCollector(catalog, leases, database) }

    init(_ path: BytePath, ownership: ObjectStore.Ownership? = nil) throws {
        CurrentProcess.clearFileModeMask()
        self.path = path
        let root = path.appending("root")
        _ = try RootDirectory.initialise(root)
        let opened = try RootDirectory(opening: root)
        var options = DatabaseOptions()
        options.format = DatabaseFormat.rule
        database = try Database(at: root.appending(".moss/db"), options: options)
        let objects = try ObjectStore(
            in: opened.moss, database, ownership: ownership ?? opened.ownership, making: .all)
        states = StateStore(opened, try PackageCatalog(objects, database), database)
        try states.initialise()
    }

    /// Reads the stone into the store, without recording it.
    func ingest(_ stone: [UInt8], expecting id: PackageID? = nil) throws(StoreError) -> PackageRecord {
        let file = path.appending("ingested.stone")
        let opened: Descriptor
        do throws(SystemError) {
            try Descriptor.openDirectory(path).replaceFile("ingested.stone", with: stone)
            opened = try Descriptor.open(file)
        } catch {
            throw .system(error)
        }
        return try ingester.ingest(file, opened, expecting: id)
    }

    /// Why the stone is refused; nil when it is not.
    func failure(of stone: [UInt8], expecting id: PackageID? = nil) -> StoreError? {
        do throws(StoreError) {
            _ = try ingest(stone, expecting: id)
            return nil
        } catch {
            return error
        }
    }

    func ingest(_ package: SamplePackage) throws -> PackageRecord { try ingest(package.stone()) }

    /// Ingests and records.
    @discardableResult
    func add(_ stone: [UInt8]) throws -> PackageRecord {
        let record = try ingest(stone)
        try self.record([record])
        return record
    }

    @discardableResult
    func add(_ package: SamplePackage) throws -> PackageRecord { try add(package.stone()) }

    func record(_ records: [PackageRecord]) throws {
        try catalog.writeManifests(records)
        try objects.syncFileSystem()
        try states.updating { (transaction) throws(StateError) in
            do throws(StoreError) {
                try catalog.record(records, in: &transaction)
            } catch {
                throw .store(error)
            }
        }
    }

    /// Composes the packages' tree and saves its directories.
    func composed(_ packages: [PackageRecord]) throws -> ComposedTree {
        let tree = try compose(packages.map(\.layout))
        try save(tree)
        return tree
    }

    func save(_ tree: ComposedTree) throws {
        try states.updating { (transaction) throws(StateError) in
            do throws(StoreError) {
                try objects.save(tree, in: &transaction)
            } catch {
                throw .store(error)
            }
        }
    }

    /// What `tree` must look like on disk, without its root directory.
    func expected(_ tree: TreeID) throws -> TreeListing {
        var expected: [TreeListing.Entry] = []
        try objects.readingTrees { lookup in
            try TreeDifference.forEachEntry(of: tree, lookup) { path, entry in
                let metadata = objects.effective(entry.metadata)
                var line = TreeListing.Entry(
                    path: path.appending(entry.name), kind: .directory, mode: metadata.mode, uid: metadata.uid,
                    gid: metadata.gid, size: 0)
                switch entry.content {
                case .directory: break
                case .symlink(let target): (line.kind, line.linkTarget) = (.symlink, target)
                case .regular(let digest, let size):
                    (line.kind, line.digest, line.size) = (.regular, digest, size)
                    line.mode = metadata.fileMode
                }
                if objects.ownership == .recorded {
                    (line.uid, line.gid) = (CurrentProcess.effectiveUser, CurrentProcess.effectiveGroup)
                }
                expected.append(line)
            }
        }
        return TreeListing(entries: expected)
    }

    /// How the directory differs from the tree; empty when it does not.
    func differences(_ directory: BytePath, _ tree: TreeID) throws -> [String] {
        var found = try TreeListing(of: directory)
        found.entries.removeAll { $0.path.isEmpty || $0.path == ".stateID" }
        return try TreeListing(entries: found.entries).differences(from: expected(tree))
    }
}

extension SamplePackage {
    /// A package of files with these contents, mode 0644.
    init(name: String, files: [(String, [UInt8])]) {
        self.init(name: name)
        for (path, bytes) in files { add(file: BytePath(path), bytes) }
    }
}

/// Bytes that neither repeat nor compress much.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count { withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) } }
    return Array(bytes.prefix(count))
}
