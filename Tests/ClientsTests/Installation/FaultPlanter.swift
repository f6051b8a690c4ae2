import BytePath
import Digests
import FileTree
import Glibc
import Installation
import LinuxSystem
import Maintenance
import ObjectStore
import PackageModel
import States
import Storage
import TestSupport
import Testing

/// Plants faults in a root, and says which finding each must lead to.
struct FaultPlanter {
    /// What a check has to name, and whether a repair can bring it back.
    struct Planted {
        let subject: Damage.Subject
        let what: String
        /// Its bytes are nowhere else.
        let isLost: Bool
    }

    private typealias Place = (path: BytePath, entry: TreeEntry)

    let root: BytePath
    private var generator: SeededGenerator
    private let objects: [(digest: ObjectID, variant: EntryMetadata)]
    private let files: [Place]
    private var links: [Place]
    private let packages: [PackageID]
    private var usedObjects: Set<ObjectID> = []
    private var usedPaths: Set<BytePath> = []
    /// Packages of which either the manifest or a record is damaged: one can be made of the other.
    private var usedRecords: Set<PackageID> = []
    /// What the database holds, by bucket and key.
    private var records: [String: [[UInt8]: [UInt8]]] = [:]
    /// Objects that no collection offers.
    private let withdrawn: Set<ObjectID>
    private(set) var planted: [Planted] = []
    private var counter = 0

    /// - Parameter withdrawn: objects that no collection offers.
    init(_ root: BytePath, _ generator: SeededGenerator, withdrawn: Set<ObjectID> = []) throws {
        self.root = root
        self.withdrawn = withdrawn
        self.generator = generator
        let installation = try Installation(opening: root, .reading)
        guard let state = try installation.activeState() else { throw InstallationError.noActiveState }
        var files: [Place] = []
        var links: [Place] = []
        var objects: [ObjectID: EntryMetadata] = [:]
        try installation.objects.readingTrees { lookup in
            try TreeDifference.forEachEntry(of: state.tree, lookup) { directory, entry in
                let path = directory.appending(entry.name)
                switch entry.content {
                case .regular(let digest, let size) where size > 1:
                    files.append((path, entry))
                    objects[digest] = installation.objects.effective(entry.metadata)
                case .symlink: links.append((path, entry))
                default: break
                }
            }
        }
        self.files = files
        self.links = links
        self.objects = objects.map { ($0.key, $0.value) }.sorted { $0.digest < $1.digest }
        packages = state.selections.map(\.package)
        var records: [String: [[UInt8]: [UInt8]]] = [:]
        _ = try DatabaseFile.read(root.appending(".moss/db")) { record in
            let bucket = String(decoding: record.bucket, as: UTF8.self)
            guard ["packages", "layouts"].contains(bucket) else { return }
            records[bucket, default: [:]][Array(record.key)] = Array(record.value)
        }
        self.records = records
    }

    private var moss: BytePath { root.appending(".moss") }
    private func place(_ object: (digest: ObjectID, variant: EntryMetadata)) -> BytePath {
        moss.appending(ObjectStore.path(of: object.digest, object.variant))
    }

    private mutating func freshObject() -> (digest: ObjectID, variant: EntryMetadata)? {
        for _ in 0..<1000 {
            let object = objects[Int.random(in: 0..<objects.count, using: &generator)]
            if usedObjects.insert(object.digest).inserted { return object }
        }
        return nil
    }

    private mutating func freshPath(_ all: [Place]) -> Place? {
        for _ in 0..<1000 where !all.isEmpty {
            let file = all[Int.random(in: 0..<all.count, using: &generator)]
            if case .regular(let digest, _) = file.entry.content, usedObjects.contains(digest) { continue }
            if usedPaths.insert(file.path).inserted { return file }
        }
        return nil
    }

    /// Plants one fault of a random kind.
    mutating func plant(recordFaults: Bool) throws {
        switch Int.random(in: 0..<(recordFaults ? 14 : 13), using: &generator) {
        case 0: try onObject("flip") { try Self.flip($0, &$1) }
        case 1: try onObject("truncate") { path, _ in try Self.truncate(path) }
        case 2:
            try onObject("delete") { path, _ in try Descriptor.openDirectory(path.parent).unlink(path.lastComponent) }
        case 3:
            try onObject("chmod") { path, _ in
                try Descriptor.openDirectory(path.parent).setMode(0o600, of: path.lastComponent)
            }
        case 4:
            try onObject("chown") { path, _ in
                try Descriptor.openDirectory(path.parent).setOwner(uid: 77, gid: 88, of: path.lastComponent)
            }
        case 5: try swap()
        case 6: try extraFile()
        case 7: try missingFile()
        case 8: try wrongLink()
        case 9: try changedFile()
        case 10: try directoryMode()
        case 11: try manifest()
        case 12: try onObject("kind") { path, generator in try Self.replace(path, &generator) }
        default: try record()
        }
    }

    private mutating func note(_ subject: Damage.Subject, _ what: String, isLost: Bool = false) {
        planted.append(Planted(subject: subject, what: what, isLost: isLost))
    }

    private mutating func onObject(
        _ what: String, _ body: (BytePath, inout SeededGenerator) throws -> Void
    ) throws {
        guard let object = freshObject() else { return }
        try body(place(object), &generator)
        // Another name of the file is enough to bring it back, and its own bytes are; but all names have these.
        let isLost = ["flip", "truncate"].contains(what) && withdrawn.contains(object.digest)
        note(.object(object.digest, object.variant), what, isLost: isLost)
    }

    static func flip(_ path: BytePath, _ generator: inout SeededGenerator) throws {
        let file = try Descriptor.open(path, .readWrite)
        let size = try file.status().size
        var byte: UInt8 = 0
        let offset = UInt64.random(in: 0..<size, using: &generator)
        _ = try withUnsafeMutableBytes(of: &byte) { try file.read(into: $0, at: offset) }
        byte ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        try withUnsafeBytes(of: &byte) { try file.write($0, at: offset) }
        // As a disk does it: nothing but the byte is different.
        try file.setModificationTime(ObjectStore.objectTime)
    }

    private static func truncate(_ path: BytePath) throws {
        let file = try Descriptor.open(path, .readWrite)
        try file.truncate(to: try file.status().size / 2)
    }

    /// Puts something that is no file in a file's place. Whoever opened the pipe would wait.
    private static func replace(_ path: BytePath, _ generator: inout SeededGenerator) throws {
        let directory = try Descriptor.openDirectory(path.parent)
        try directory.unlink(path.lastComponent)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: try directory.makeDirectory(path.lastComponent)
        case 1: try directory.makeSymlink(path.lastComponent, to: "/dev/zero")
        default: try #require(path.withCString { mkfifo($0, 0o644) } == 0)
        }
    }

    private mutating func swap() throws {
        guard let one = freshObject(), let other = freshObject() else { return }
        let (left, right) = (place(one), place(other))
        let from = try Descriptor.openDirectory(left.parent)
        try from.exchange(left.lastComponent, with: right.lastComponent, below: Descriptor.openDirectory(right.parent))
        note(.object(one.digest, one.variant), "swap")
        note(.object(other.digest, other.variant), "swap")
    }

    private mutating func extraFile() throws {
        guard let file = freshPath(files) else { return }
        counter += 1
        let path = file.path.parent.appending("extra-\(counter)")
        try Descriptor.openDirectory(root.appending("usr").appending(file.path.parent))
            .replaceFile(path.lastComponent, with: Array("mine \(counter)".utf8))
        note(.entry(place: "usr", path: path), "extra")
    }

    private mutating func missingFile() throws {
        guard let file = freshPath(files), case .regular(let digest, _) = file.entry.content else { return }
        usedObjects.insert(digest)
        try Descriptor.openDirectory(root.appending("usr")).unlink(file.path)
        note(.entry(place: "usr", path: file.path), "missing")
    }

    private mutating func wrongLink() throws {
        guard let link = freshPath(links) else { return }
        let usr = try Descriptor.openDirectory(root.appending("usr"))
        try usr.unlink(link.path)
        try usr.makeSymlink(link.path, to: "/nowhere")
        note(.entry(place: "usr", path: link.path), "wrong link")
    }

    private mutating func directoryMode() throws {
        guard let file = freshPath(files), usedPaths.insert(file.path.parent).inserted else { return }
        try Descriptor.openDirectory(root.appending("usr")).setMode(0o711, of: file.path.parent)
        note(.entry(place: "usr", path: file.path.parent), "directory mode")
    }

    /// Another file in the place of the store's, looking just like it.
    private mutating func changedFile() throws {
        guard let file = freshPath(files), case .regular(let digest, let size) = file.entry.content else { return }
        usedObjects.insert(digest)
        let usr = try Descriptor.openDirectory(root.appending("usr"))
        try usr.unlink(file.path)
        let variant = try Installation(opening: root, .reading).objects.effective(file.entry.metadata)
        let new = try usr.open(file.path, [.readWrite, .create], mode: 0o600)
        try new.write([UInt8](repeating: 7, count: Int(size)))
        if variant.uid != 0 || variant.gid != 0 { try new.setOwner(uid: variant.uid, gid: variant.gid) }
        try new.setMode(variant.mode)
        try new.setModificationTime(ObjectStore.objectTime)
        note(.entry(place: "usr", path: file.path), "changed")
    }

    private mutating func manifest() throws {
        let id = packages[Int.random(in: 0..<packages.count, using: &generator)]
        let path = moss.appending("packages/\(id.hexadecimal).stone")
        guard usedRecords.insert(id).inserted else { return }
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: try Self.truncate(path)
        case 1: try Self.flip(path, &generator)
        default:
            let other = try #require(packages.first { $0 != id })
            let directory = try Descriptor.openDirectory(path.parent)
            try directory.replaceFile(
                path.lastComponent, with: directory.readFile(BytePath("\(other.hexadecimal).stone")))
        }
        note(.manifest(id), "manifest")
    }

    /// A flipped bit in the value of a record, in whatever pages hold these bytes: those in use, and old ones that do not
    /// count.
    private mutating func record() throws {
        let bucket = ["packages", "layouts"][Int.random(in: 0..<2, using: &generator)]
        let id = packages[Int.random(in: 0..<packages.count, using: &generator)]
        guard let value = records[bucket]?[id.bytes], value.count > 80, usedRecords.insert(id).inserted else { return }
        let file = try Descriptor.open(moss.appending("db/data.mdb"), .readWrite)
        let data = try file.readAll()
        // Small values follow their key, and the same bytes may be elsewhere under another; large ones have pages.
        let isInline = value.count < 1800
        let pattern = (isInline ? id.bytes : []) + value.prefix(isInline ? 40 : 80)
        let offset = pattern.count - Int.random(in: 1...16, using: &generator)
        let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &generator)
        for place in Self.places(of: pattern, in: data) {
            try withUnsafeBytes(of: data[place + offset] ^ bit) { try file.write($0, at: UInt64(place + offset)) }
        }
        note(.record(bucket: bucket, key: id.bytes), "record")
    }

    private static func places(of pattern: [UInt8], in data: [UInt8]) -> [Int] {
        data.withUnsafeBytes { data in
            var places: [Int] = []
            guard let start = data.baseAddress, data.count >= pattern.count else { return [] }
            var next = 0
            while next <= data.count - pattern.count,
                let hit = memchr(start + next, Int32(pattern[0]), data.count - pattern.count - next + 1)
            {
                let place = UnsafeRawPointer(hit) - start
                if memcmp(hit, pattern, pattern.count) == 0 { places.append(place) }
                next = place + 1
            }
            return places
        }
    }
}
