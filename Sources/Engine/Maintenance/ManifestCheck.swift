internal import BytePath
internal import Digests
internal import Failures
internal import FileTree
internal import LinuxSystem
package import ObjectStore
package import PackageCatalog
package import PackageModel
internal import StoneFormat
internal import Storage

/// Holds the manifests of packages against what is recorded of these.
package struct ManifestCheck: Sendable {
    private let catalog: PackageCatalog
    private var objects: ObjectStore { catalog.objects }

    package init(_ catalog: PackageCatalog) {
        self.catalog = catalog
    }

    /// What is wrong with the manifests of `recorded` packages, and which are nobody's.
    ///
    /// - Parameter reading: reads each and holds it against its records; else only its presence is checked.
    package func run(
        of recorded: [PackageID], reading: Bool
    ) throws(StoreError) -> (damage: [Damage], unseen: [Damage.Unseen]) {
        var damage: [Damage] = []
        let known = Set(recorded)
        let (present, others) = try catalog.manifests()
        for name in others { damage.append(Damage(.file(RootLayout.packages.appending(name)), .orphan)) }
        for id in present where !known.contains(id) {
            damage.append(Damage(.manifest(id), .orphan, "the package has no record"))
        }
        let found = Set(present)
        for id in recorded where !found.contains(id) { damage.append(Damage(.manifest(id), .missing)) }
        let both = recorded.filter(found.contains)
        let problems = inParallel(both) { (id) throws(Never) -> (Damage?, Damage.Unseen?) in
            do {
                return (try reading ? checkManifest(id) : checkManifestSize(id), nil)
            } catch let error as SystemError where !error.saysNothing {
                return (Damage(.manifest(id), .unreadable, "\(error)"), nil)
            } catch let error as StoreError where !error.saysNothing {
                // What is wrong with the records is found there.
                return (nil, nil)
            } catch {
                let remedy = (error as? any MarkedError)?.remedy ?? ""
                return (nil, Damage.Unseen(.manifest(id), "\(error)", remedy: remedy))
            }
        }
        return (damage + problems.compactMap(\.0), problems.compactMap(\.1))
    }

    private func checkManifestSize(_ id: PackageID) throws(SystemError) -> Damage? {
        let status = try catalog.directory.status(of: PackageCatalog.manifestName(id))
        if status.kind != .regular { return Damage(.manifest(id), .wrongKind, status.kind.name) }
        let isLikely = 64...UInt64(PackageCatalog.manifestSizeMax) ~= status.size
        return isLikely ? nil : Damage(.manifest(id), .wrongSize, "\(status.size) bytes")
    }

    private func checkManifest(_ id: PackageID) throws -> Damage? {
        if let damage = try checkManifestSize(id) { return damage }
        do {
            let bytes = try catalog.manifestBytes(id)
            if try isRecorded(manifest: bytes, id) { return nil }
            // One that was written by other means, or an old record, is right if it says the same.
            let (metadata, layout) = try PackageCatalog.contents(ofManifest: bytes)
            let isSame = try objects.reading { (transaction) throws(StoreError) in
                let recorded = try catalog.layoutBytes(of: id, in: transaction)
                let recordedMetadata = try catalog.metadata(of: id, in: transaction)
                return recorded.elementsEqual(layout.bytes) && recordedMetadata == metadata
            }
            return isSame ? nil : Damage(.manifest(id), .wrongContent, "it says something else than the records")
        } catch let error as SystemError where error.isLossOfContent {
            return Damage(.manifest(id), .unreadable, "\(error)")
        } catch let error as StoneError {
            return Damage(.manifest(id), .damaged, "\(StoreError.stone(PackageCatalog.manifestName(id), error))")
        }
    }

    /// Whether these are the bytes the records were made of.
    private func isRecorded(manifest bytes: [UInt8], _ id: PackageID) throws(StoreError) -> Bool {
        let record = try objects.reading { (transaction) throws(StoreError) in
            try StoreError.catching { () throws(DatabaseError) in
                try transaction.value(in: PackageBuckets.manifests, for: id)
            }
        }
        return record == ManifestRecord(of: bytes)
    }
}
