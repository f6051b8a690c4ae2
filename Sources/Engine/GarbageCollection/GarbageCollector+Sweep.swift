internal import BytePath
internal import Digests
internal import FileTree
package import LinuxSystem
package import ObjectStore
package import PackageCatalog
internal import PackageModel
internal import StoneFormat
package import Storage
internal import Synchronization

/// Removing garbage, in an order that is safe to stop anywhere and beside views that begin or end:
/// 1. one transaction removes records and notes which files go with them;
/// 2. leases are read;
/// 3. files that no lease pins are unlinked;
/// 4. one transaction forgets those.
///
/// What a stop leaves between 1 and 4, or a lease keeps, is noted and found by the next collection without a search.
/// The root's lock must be held throughout: nobody ingests meanwhile.
extension GarbageCollector {
    /// Step 1: removes the records of `garbage`, whose files ``sweep(anyway:progress:)`` removes.
    package static func removeRecords(
        of garbage: Garbage, in transaction: inout WriteTransaction
    ) throws(StoreError) {
        do throws(DatabaseError) {
            for package in garbage.packages { try removeRecords(of: package, &transaction) }
            for (digest, record) in garbage.records.sorted(by: { $0.key < $1.key }) {
                if let record {
                    try transaction.put(record, in: ObjectBuckets.objects, for: digest)
                } else {
                    try transaction.remove(digest, in: ObjectBuckets.objects)
                }
            }
            for id in garbage.strayManifests {
                try transaction.put(Empty(), in: GarbageBuckets.pendingManifests, for: id)
            }
            for tree in garbage.trees.sorted() { try transaction.remove(tree, in: ObjectBuckets.trees) }
            for (digest, copies) in garbage.copies.sorted(by: { $0.key < $1.key }) {
                var pending = copies
                for other in garbage.pendingObjects[digest]?.variants ?? [] { pending.add(other) }
                try transaction.put(pending, in: ObjectBuckets.pendingObjects, for: digest)
            }
        } catch {
            throw .database(error)
        }
    }

    private static func removeRecords(
        of package: Garbage.Package, _ transaction: inout WriteTransaction
    ) throws(DatabaseError) {
        try transaction.remove(package.id, in: PackageBuckets.packages)
        try transaction.remove(package.id, in: PackageBuckets.layouts)
        try transaction.remove(package.id, in: PackageBuckets.manifests)
        for key in package.claimKeys {
            try transaction.remove(KeyPair(key, package.id), in: PackageBuckets.directoryClaims)
        }
        for key in package.capabilityKeys {
            try transaction.remove(KeyPair(key, package.id), in: PackageBuckets.capabilities)
        }
        try transaction.put(Empty(), in: GarbageBuckets.pendingManifests, for: package.id)
    }

    /// What ``sweep(anyway:progress:)`` did.
    package struct Swept: Hashable, Sendable {
        /// Objects of which a copy was removed.
        package var objects = 0
        package var bytes: UInt64 = 0
        package var manifests = 0
        package var kept = Kept()
        /// Files that cannot be removed now, and why; the next collection tries again.
        package var stuck: [SystemError] = []

        package init() {}
    }

    /// What live views keep from being removed.
    package struct Kept: Hashable, Sendable {
        package var objects = 0
        package var bytes: UInt64 = 0
        package var manifests = 0
        /// The leases that pin something of it.
        package var leases: [LeaseInformation] = []
        /// Whether an anonymous lease pins all of it.
        package var isAnonymous = false
        /// Processes with an anonymous lease, where the kernel shows them.
        package var anonymousHolders: [Int32] = []

        package init() {}
    }

    /// Steps 2 to 4: removes the files that were noted, by this collection or an earlier one.
    ///
    /// - Parameters:
    ///   - anyway: remove them although somebody holds an anonymous lease.
    ///   - progress: called from several threads with the bytes removed since the last call.
    package func sweep(anyway: Bool, progress: @escaping @Sendable (UInt64) -> Void) throws(StoreError) -> Swept {
        let pending = try pending()
        if pending.objects.isEmpty && pending.manifests.isEmpty { return Swept() }
        let gate = try AnonymousGate(objects.directory)
        var selection = try select(pending, gate, anyway: anyway)
        var swept = Swept()
        let stuck = try unlink(selection.objects, progress)
        selection.objects.removeAll { stuck[$0.digest] != nil }
        swept.stuck = stuck.sorted { $0.key < $1.key }.map(\.value)
        try removeManifests(of: &selection, &swept)
        gate.hold()
        try forget(selection, all: swept.stuck.isEmpty)
        swept.objects = selection.objects.count
        swept.bytes = selection.objects.saturatedSum { $0.copies.copiedBytes }
        swept.manifests = selection.manifests.count
        swept.kept = selection.kept
        return swept
    }

    /// What ``sweep(anyway:progress:)`` would keep of `garbage` if it were removed now.
    package func kept(of garbage: Garbage, anyway: Bool) throws(StoreError) -> Kept {
        let manifests = garbage.pendingManifests + garbage.strayManifests + garbage.packages.map(\.id)
        return try select(
            Pending(objects: garbage.allCopies, manifests: manifests), AnonymousGate(lookingAt: objects.directory),
            anyway: anyway
        ).kept
    }

    struct Pending {
        var objects: [ObjectID: ObjectRecord]
        var manifests: [PackageID]
    }

    /// What was noted, without what was recorded again since.
    func pending() throws(StoreError) -> Pending {
        try objects.reading { (transaction) throws(StoreError) in
            do throws(DatabaseError) {
                var pending = Pending(objects: [:], manifests: [])
                var objects = try transaction.cursor(in: ObjectBuckets.pendingObjects)
                while let (digest, noted) = try objects.next() {
                    let record = try transaction.value(in: ObjectBuckets.objects, for: digest)
                    var going = noted
                    going.variants.removeAll { record?.variants.contains($0) == true }
                    pending.objects[digest] = going
                }
                var manifests = try transaction.cursor(in: GarbageBuckets.pendingManifests)
                while let id = try manifests.nextKey() {
                    if try !transaction.contains(id, in: PackageBuckets.packages) { pending.manifests.append(id) }
                }
                return pending
            } catch {
                throw .database(error)
            }
        }
    }

    private struct Selection {
        /// By digest, and so by directory.
        var objects: [(digest: ObjectID, copies: ObjectRecord)] = []
        var manifests: [PackageID] = []
        var kept = Kept()
    }

    private func select(
        _ pending: Pending, _ gate: borrowing AnonymousGate, anyway: Bool
    ) throws(StoreError) -> Selection {
        var selection = Selection()
        selection.kept.isAnonymous = !gate.isClosed && !anyway
        selection.kept.anonymousHolders = gate.holders
        let pins = try leases.pins()
        let pinned = try pinnedObjects(pins, pending.manifests)
        for id in pending.manifests.sorted() {
            let isPinned = pins.packages.contains(id)
            if isPinned || selection.kept.isAnonymous {
                selection.kept.manifests += 1
            } else {
                selection.manifests.append(id)
            }
        }
        for (digest, copies) in pending.objects.sorted(by: { $0.key < $1.key }) {
            if pinned.contains(digest) || selection.kept.isAnonymous {
                selection.kept.objects += 1
                selection.kept.bytes.addSaturated(copies.copiedBytes)
            } else {
                selection.objects.append((digest, copies))
            }
        }
        selection.kept.leases = pins.leases.filter { lease in
            lease.packages.contains(where: Set(pending.manifests).contains)
                || lease.objects.contains { pending.objects[$0] != nil }
        }
        return selection
    }

    /// Objects that live views pin by name, or with one of the packages `going`, which are not recorded any more.
    private func pinnedObjects(_ pins: Leases.Pins, _ going: [PackageID]) throws(StoreError) -> Set<ObjectID> {
        var pinned = pins.objects
        for id in going where pins.packages.contains(id) { pinned.formUnion(try catalog.objects(ofManifest: id)) }
        return pinned
    }

    /// What live views keep, where `going` are packages that are not recorded any more.
    func viewed(
        _ going: [PackageID]
    ) throws(StoreError) -> (packages: Set<PackageID>, objects: Set<ObjectID>, everything: Bool) {
        let everything = try !AnonymousGate(lookingAt: objects.directory).isClosed
        let pins = try leases.pins()
        return (pins.packages, try pinnedObjects(pins, going), everything)
    }

    /// Unlinks the copies, each thread in directories of its own.
    /// - Returns: those of which a copy is left, as it is immutable.
    private func unlink(
        _ objects: [(digest: ObjectID, copies: ObjectRecord)], _ progress: @escaping @Sendable (UInt64) -> Void
    ) throws(StoreError) -> [ObjectID: SystemError] {
        let stuck = Guarded<[ObjectID: SystemError]>([:])
        let next = Atomic<Int>(0)
        let failure = FirstError<StoreError>()
        let share = 256
        withThreads(min(processorCount(), objects.count / share + 1)) { _ in
            var shards = ShardCache()
            do throws(StoreError) {
                while !failure.occurred {
                    let start = next.add(share, ordering: .relaxed).oldValue
                    guard start < objects.count else { return }
                    var bytes: UInt64 = 0
                    for (digest, copies) in objects[start..<min(objects.count, start + share)] {
                        do throws(StoreError) {
                            try self.unlinkVariants(of: digest, copies, &shards)
                            bytes += copies.copiedBytes
                        } catch {
                            guard case .system(let cause) = error, cause.isWall else { throw error }
                            stuck.withLock { $0[digest] = cause.below(".moss") }
                        }
                    }
                    progress(bytes)
                }
            } catch {
                failure.record(error)
            }
        }
        try failure.throwIfAny()
        return stuck.withLock { $0 }
    }

    /// Goes on past what cannot be removed, and throws for it in the end.
    private func unlinkVariants(
        of digest: ObjectID, _ record: ObjectRecord, _ shards: inout ShardCache
    ) throws(StoreError) {
        var failure: SystemError?
        for variant in record.variants {
            let name = ObjectName(digest, variant)
            let place = try shards.place(of: name.shard, in: objects)
            let error = name.withCString(in: place) { SystemCalls.unlinkIfPresent(place.directory, $0) }
            failure =
                failure
                ?? error.map { SystemError($0.number, call: $0.call, path: ObjectStore.path(of: digest, variant)) }
        }
        if let failure { throw .system(failure) }
    }

    private func removeManifests(of selection: inout Selection, _ swept: inout Swept) throws(StoreError) {
        var removed: [PackageID] = []
        for id in selection.manifests {
            let name = PackageCatalog.manifestName(id)
            if let error = name.withCString({ SystemCalls.unlinkIfPresent(catalog.directory.raw, $0) })?.below(
                RootLayout.packages)
            {
                guard error.isWall else { throw .system(error) }
                swept.stuck.append(error.below(".moss"))
            } else {
                removed.append(id)
            }
        }
        selection.manifests = removed
    }

    /// Step 4.
    ///
    /// - Parameter all: nothing was left that should have gone.
    private func forget(_ kept: Selection, all: Bool) throws(StoreError) {
        let gone = Set(kept.objects.map(\.digest))
        let manifests = Set(kept.manifests)
        do throws(DatabaseError) {
            try database.update { (transaction) throws(DatabaseError) in
                if all && kept.kept.objects + kept.kept.manifests == 0 {
                    try transaction.clear(ObjectBuckets.pendingObjects)
                    try transaction.clear(GarbageBuckets.pendingManifests)
                    return
                }
                for digest in gone { try transaction.remove(digest, in: ObjectBuckets.pendingObjects) }
                for id in manifests { try transaction.remove(id, in: GarbageBuckets.pendingManifests) }
            }
        } catch {
            throw .database(error)
        }
    }

    /// Removes what ``ingest`` wrote for packages that will not be recorded, to give a full disk its space back.
    package func discard(_ records: [PackageRecord]) {
        let wanted = records.flatMap { $0.objects.map { ($0.key, $0.value) } }
        guard let known = try? objects.recorded(wanted.map(\.0)), let pinned = try? leases.pins().objects else {
            return
        }
        var shards = ShardCache()
        for (digest, record) in wanted where known[digest] == nil && !pinned.contains(digest) {
            try? unlinkVariants(of: digest, record, &shards)
        }
    }
}
