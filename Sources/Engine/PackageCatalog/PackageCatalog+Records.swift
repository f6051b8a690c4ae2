package import BytePath
package import Digests
internal import Failures
package import FileTree
internal import LinuxSystem
package import ObjectStore
package import PackageModel
package import StoneFormat
package import Storage

/// Packages: what the database and the manifests say of them.
extension PackageCatalog {
    /// Puts the stones without their content next to the objects; the records can be rebuilt from them.
    package func writeManifests(_ records: [PackageRecord]) throws(StoreError) {
        for record in records {
            try StoreError.catching(below: RootLayout.packages) { () throws(SystemError) in
                try directory.replaceFile(Self.manifestName(record.id), with: record.manifest)
            }
        }
    }

    package static func manifestName(_ id: PackageID) -> BytePath { BytePath("\(id.hexadecimal).stone") }

    /// Records packages whose bytes and manifests are on disk.
    package func record(
        _ records: [PackageRecord], in transaction: inout WriteTransaction
    ) throws(StoreError) {
        let fresh = try unrecorded(records, in: transaction)
        var objects: [(ObjectID, ObjectRecord)] = []
        for record in fresh { objects.append(contentsOf: record.objects.map { ($0.key, $0.value) }) }
        // Ascending keys let the database fill one page after the other.
        objects.sort { $0.0 < $1.0 }
        do throws(DatabaseError) {
            for (digest, wanted) in objects { try ObjectStore.claim(wanted, digest, in: &transaction) }
        } catch {
            throw .database(error)
        }
        for record in fresh { try Self.put(record, &transaction) }
    }

    /// Each package once, and only those that are not recorded: a package counts once among those that ask for an object.
    private func unrecorded(
        _ records: [PackageRecord], in transaction: borrowing WriteTransaction
    ) throws(StoreError) -> [PackageRecord] {
        var seen: Set<PackageID> = []
        var fresh: [PackageRecord] = []
        for record in records where seen.insert(record.id).inserted {
            if try !contains(record.id, in: transaction) { fresh.append(record) }
        }
        return fresh
    }

    private static func put(_ record: PackageRecord, _ transaction: inout WriteTransaction) throws(StoreError) {
        let metadata = try storedForm(of: record)
        do throws(DatabaseError) {
            try transaction.put(metadata, in: PackageBuckets.packages, for: record.id)
            try transaction.put(record.layout.bytes, in: PackageBuckets.layouts, for: record.id)
            try transaction.put(ManifestRecord(of: record.manifest), in: PackageBuckets.manifests, for: record.id)
            for key in record.metadata.capabilityKeys {
                try transaction.put(Empty(), in: PackageBuckets.capabilities, for: KeyPair(key, record.id))
            }
            for (path, claim) in record.layout.directoryClaims {
                let key = KeyPair(Digest128(hashing: path.bytes), record.id)
                try transaction.put(claim, in: PackageBuckets.directoryClaims, for: key)
            }
        } catch {
            throw .database(error)
        }
    }

    private static func storedForm(of record: PackageRecord) throws(StoreError) -> [UInt8] {
        do throws(StoneError) {
            return try StoredPackage.encode(record.metadata)
        } catch {
            throw .stone(manifestName(record.id), error)
        }
    }

    /// Whether the package is recorded, that is, all its bytes are here.
    package func contains(
        _ id: PackageID, in transaction: borrowing some ReadableTransaction & ~Copyable
    ) throws(StoreError) -> Bool {
        try StoreError.catching { () throws(DatabaseError) in
            try transaction.contains(id, in: PackageBuckets.packages)
        }
    }

    package func metadata(
        of id: PackageID, in transaction: borrowing some ReadableTransaction & ~Copyable
    ) throws(StoreError) -> PackageMetadata {
        try decodeMetadata(of: id, in: transaction) { (bytes) throws(StoneError) in try StoredPackage.decode(bytes) }
    }

    /// What lists show of a package; takes a fraction of the time of ``metadata(of:in:)``.
    package func brief(
        of id: PackageID, in transaction: borrowing some ReadableTransaction & ~Copyable
    ) throws(StoreError) -> PackageBrief {
        try decodeMetadata(of: id, in: transaction) { (bytes) throws(StoneError) in
            try StoredPackage.decode(bytes) { (records, count) throws(StoneError) in
                try PackageBrief(plain: records, count: count)
            }
        }
    }

    private func decodeMetadata<R>(
        of id: PackageID, in transaction: borrowing some ReadableTransaction & ~Copyable,
        _ decode: (UnsafeRawBufferPointer) throws(StoneError) -> R
    ) throws(StoreError) -> R {
        let span: RawSpan?
        do throws(DatabaseError) {
            span = try transaction.span(in: PackageBuckets.packages, for: id)
        } catch {
            throw .database(error)
        }
        guard let span else { throw .unknownPackage(id) }
        do throws(StoneError) {
            return try span.withUnsafeBytes(decode)
        } catch {
            throw .stone(Self.manifestName(id), error)
        }
    }

    /// The package's layout as stored, valid until the transaction ends.
    package func layoutBytes(
        of id: PackageID, in transaction: borrowing some ReadableTransaction & ~Copyable
    ) throws(StoreError) -> UnsafeRawBufferPointer {
        var found: UnsafeRawBufferPointer?
        do throws(DatabaseError) {
            // The pointer is good for as long as the transaction, as the doc comment passes on.
            if let span = try transaction.span(in: PackageBuckets.layouts, for: id) {
                found = span.withUnsafeBytes { $0 }
            }
        } catch {
            throw .database(error)
        }
        guard let found else { throw .unknownPackage(id) }
        do throws(TreeError) {
            try transaction.context.charge(found)
            if transaction.context.isUntrusted { try StrangeRecords.check(layout: found) }
        } catch {
            throw .tree(error)
        }
        return found
    }

    /// How a package can be tied to a capability.
    package enum CapabilityRole: UInt8, Sendable {
        case provides = 1
        case dependsOn = 2
        case conflictsWith = 3
    }

    /// The recorded packages, of any state, that have `capability` in that role.
    package func packages(
        _ role: CapabilityRole, _ capability: Capability, in transaction: borrowing some ReadableTransaction & ~Copyable
    ) throws(StoreError) -> [PackageID] {
        try StoreError.catching { () throws(DatabaseError) -> [PackageID] in
            var packages: [PackageID] = []
            var cursor = try transaction.cursor(in: PackageBuckets.capabilities, .prefix(capability.key(role)))
            while let key = try cursor.nextKey() { packages.append(key.second) }
            return packages
        }
    }

    /// Every recorded package.
    package func packages(
        in transaction: borrowing some ReadableTransaction & ~Copyable
    ) throws(StoreError) -> [PackageID] {
        try StoreError.catching { () throws(DatabaseError) -> [PackageID] in
            var packages: [PackageID] = []
            var cursor = try transaction.cursor(in: PackageBuckets.packages)
            while let id = try cursor.nextKey() { packages.append(id) }
            return packages
        }
    }

    /// What the packages for which `isSelected` holds ask for the directory `path`, and which these are.
    package func claims(
        on path: BytePath, in transaction: borrowing some ReadableTransaction & ~Copyable,
        isSelected: (PackageID) -> Bool
    ) throws(StoreError) -> (agreed: EntryMetadata?, packages: [PackageID]) {
        try StoreError.catching { () throws(DatabaseError) -> (agreed: EntryMetadata?, packages: [PackageID]) in
            var agreed: EntryMetadata?
            var packages: [PackageID] = []
            var cursor = try transaction.cursor(
                in: PackageBuckets.directoryClaims, .prefix(Digest128(hashing: path.bytes)))
            while let (key, claim) = try cursor.next() {
                guard let metadata = claim.variants.first, isSelected(key.second) else { continue }
                agreed = .agreed(agreed, metadata)
                packages.append(key.second)
            }
            return (agreed, packages)
        }
    }

    /// The packages whose layouts have a file with one of these contents.
    package func packages(having digests: Set<ObjectID>) throws(StoreError) -> [(PackageID, Set<ObjectID>)] {
        try objects.reading { (transaction) throws(StoreError) in
            var found: [(PackageID, Set<ObjectID>)] = []
            for id in try packages(in: transaction) {
                guard let bytes = try readableLayout(of: id, in: transaction) else { continue }
                var hits: Set<ObjectID> = []
                do throws(TreeError) {
                    var groups = try LayoutGroups(bytes)
                    while let group = try groups.next() {
                        var records = group.records
                        while let record = try records.next() {
                            if record.kind == .regular, digests.contains(record.object) {
                                hits.insert(record.object)
                            }
                        }
                    }
                } catch {
                    continue
                }
                if !hits.isEmpty { found.append((id, hits)) }
            }
            return found
        }
    }

    /// A package's layout; nil where it is damaged, which is for whoever looks at records to say.
    private func readableLayout(
        of id: PackageID, in transaction: borrowing ReadTransaction
    ) throws(StoreError) -> UnsafeRawBufferPointer? {
        do throws(StoreError) {
            return try layoutBytes(of: id, in: transaction)
        } catch {
            if error.marks.contains(.damaged) { return nil }
            throw error
        }
    }
}

extension Capability {
    fileprivate func key(_ role: PackageCatalog.CapabilityRole) -> Digest128 {
        Digest128(hashing: [role.rawValue, kind.rawValue] + Array(target.utf8))
    }
}

extension PackageMetadata {
    package var capabilityKeys: [Digest128] {
        allProviders.map { $0.key(.provides) } + dependencies.map { $0.key(.dependsOn) }
            + conflicts.map { $0.key(.conflictsWith) }
    }
}

extension PackageLayout {
    /// The directories the package names, in the form of the claims bucket.
    fileprivate var directoryClaims: [(BytePath, ObjectRecord)] {
        guard let entries = try? entries() else { return [] }
        return entries.compactMap { path, entry in
            entry.kind == .directory
                ? (path.appending(entry.name), ObjectRecord(size: 0, variants: [entry.metadata])) : nil
        }
    }
}
