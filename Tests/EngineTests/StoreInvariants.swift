import BytePath
import Digests
import FileTree
import LinuxSystem
import ObjectStore
import PackageCatalog
import PackageModel
import States
import Storage
import TestSupport

/// The store's promises, checked from outside: with the names and buckets as documented, not with the store's own code.
extension EngineScratch {
    static let objects = Bucket<ObjectID, ObjectRecord>("objects")

    /// Every object's record.
    func objectRecords() throws -> [ObjectID: ObjectRecord] {
        try database.view { transaction throws in
            var records: [ObjectID: ObjectRecord] = [:]
            var cursor = try transaction.cursor(in: Self.objects)
            while let (digest, record) = try cursor.next() { records[digest] = record }
            return records
        }
    }

    func packageIDs() throws -> [PackageID] {
        try database.view { transaction throws in try catalog.packages(in: transaction) }
    }

    /// Where a variant lies below `.moss`.
    static func objectPath(_ digest: ObjectID, _ variant: EntryMetadata) -> BytePath {
        let shard = variant.mode & 0o7000 != 0 ? "privileged" : String(digest.hexadecimal.prefix(2))
        var name = digest.hexadecimal
        if variant != EntryMetadata(mode: 0o444) { name += "." + String(variant.mode, radix: 8) }
        if variant.uid != 0 || variant.gid != 0 { name += ".\(variant.uid).\(variant.gid)" }
        return BytePath("objects/\(shard)/\(name)")
    }

    func objectStatus(_ digest: ObjectID, _ variant: EntryMetadata = EntryMetadata(mode: 0o444)) throws -> FileStatus? {
        try states.root.moss.statusIfPresent(of: Self.objectPath(digest, variant))
    }

    /// Every file below `objects`, by its path below `.moss`.
    func objectFiles() throws -> [BytePath] {
        try TreeListing(of: root.appending(".moss/objects")).entries.filter { $0.kind == .regular }
            .map { BytePath("objects").appending($0.path) }
    }

    /// Object files that no record names.
    func unrecordedFiles() throws -> [BytePath] {
        var known: Set<BytePath> = []
        for (digest, record) in try objectRecords() {
            for variant in record.variants { known.insert(Self.objectPath(digest, variant)) }
        }
        return try objectFiles().filter { !known.contains($0) }
    }

    /// One line for every promise that does not hold.
    func complaints() throws -> [String] {
        try objectComplaints() + packageComplaints() + claimComplaints()
    }

    /// Every record says how many packages ask for each variant.
    private func claimComplaints() throws -> [String] {
        let records = try objectRecords()
        var claims: [ObjectID: [EntryMetadata: UInt32]] = [:]
        try database.view { transaction throws in
            for id in try catalog.packages(in: transaction) {
                var own: Set<[UInt64]> = []
                let layout = PackageLayout(stored: Array(try catalog.layoutBytes(of: id, in: transaction)))
                for (_, entry) in try layout.entries() {
                    guard case .regular(let digest, let size) = entry.content, size > 0 else { continue }
                    let variant = objects.effective(entry.metadata)
                    let key = [digest.high, digest.low, UInt64(variant.mode), UInt64(variant.uid), UInt64(variant.gid)]
                    if own.insert(key).inserted { claims[digest, default: [:]][variant, default: 0] += 1 }
                }
            }
        }
        var lines: [String] = []
        for (digest, record) in records {
            let counted = Dictionary(uniqueKeysWithValues: zip(record.variants, record.claims))
            if counted != claims[digest] ?? [:] {
                lines.append("\(digest): claims \(counted), but packages have \(claims[digest] ?? [:])")
            }
        }
        return lines
    }

    private func objectComplaints() throws -> [String] {
        var lines = try objectFiles().filter { $0.lastComponent.bytes.first == UInt8(ascii: ".") }.map {
            "left over: \($0)"
        }
        for (digest, record) in try objectRecords() {
            if digest == .ofNothing || record.size == 0 { lines.append("an object of nothing") }
            if record.variants.isEmpty || Set(record.variants).count != record.variants.count {
                lines.append("\(digest): variants \(record.variants)")
            }
            for variant in record.variants { lines += try complaints(digest, record.size, variant) }
        }
        return lines
    }

    private func complaints(_ digest: ObjectID, _ size: UInt64, _ variant: EntryMetadata) throws -> [String] {
        let path = Self.objectPath(digest, variant)
        guard let status = try objectStatus(digest, variant) else { return ["missing: \(path)"] }
        var lines: [String] = []
        if status.kind != .regular || status.size != size {
            lines.append("\(path): \(status.kind), \(status.size) bytes")
        }
        // Nothing but a file is read.
        guard status.kind == .regular else { return lines }
        if status.permissions != variant.mode & 0o6777 {
            lines.append("\(path): mode \(String(status.permissions, radix: 8))")
        }
        if objects.ownership == .applied && (status.uid != variant.uid || status.gid != variant.gid) {
            lines.append("\(path): owner \(status.uid):\(status.gid)")
        }
        if status.modified != 315_532_800 * 1_000_000_000 { lines.append("\(path): modified at \(status.modified)") }
        let bytes = try states.root.moss.readFile(path)
        if ObjectID(hashing: bytes) != digest { lines.append("\(path): its bytes have another digest") }
        return lines
    }

    private func packageComplaints() throws -> [String] {
        let recorded = try objectRecords()
        return try database.view { transaction throws in
            var lines: [String] = []
            for id in try catalog.packages(in: transaction) {
                let metadata = try catalog.metadata(of: id, in: transaction)
                let name = metadata.name
                let layout = PackageLayout(stored: Array(try catalog.layoutBytes(of: id, in: transaction)))
                for (path, entry) in try layout.entries() {
                    let whole = path.appending(entry.name)
                    if case .regular(let digest, let size) = entry.content, size > 0 {
                        let variant = objects.effective(entry.metadata)
                        if recorded[digest]?.variants.contains(variant) != true || recorded[digest]?.size != size {
                            lines.append("\(name): \(whole) is not recorded as \(variant)")
                        }
                    }
                    guard entry.kind == .directory else { continue }
                    let claim = try catalog.claims(on: whole, in: transaction) { $0 == id }.agreed
                    if claim != entry.metadata { lines.append("\(name): no claim on \(whole)") }
                }
                for capability in metadata.allProviders {
                    if try !catalog.packages(.provides, capability, in: transaction).contains(id) {
                        lines.append("\(name): does not provide \(capability)")
                    }
                }
                let manifest = BytePath("packages/\(id.hexadecimal).stone")
                if try states.root.moss.statusIfPresent(of: manifest)?.size ?? 0 < 64 { lines.append("no \(manifest)") }
            }
            return lines
        }
    }
}
