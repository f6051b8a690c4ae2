internal import BytePath
internal import Digests
internal import FileTree
package import ObjectStore
internal import PackageCatalog
package import PackageModel
internal import Storage

/// Finding what nothing needs any more. Nothing is written.
///
/// Which objects only dead packages have is a matter of counts: each object's record says how many packages ask for
/// each variant, so only the layouts of the dead are read. Where a count is not known, or cannot be right, the layouts
/// of the living are read as well, and the count is right from then on.
extension GarbageCollector {
    /// What goes when only `needed`, and what live views show, stays.
    ///
    /// - Parameter dying: look at no other packages than these, and at packages only: a part of it all.
    package func findGarbage(_ needed: Needed, among dying: [PackageID]? = nil) throws(StoreError) -> Garbage {
        try findGarbage(needed, among: dying, try leases.pins())
    }

    func findGarbage(
        _ needed: Needed, among dying: [PackageID]? = nil, _ pins: Leases.Pins
    ) throws(StoreError) -> Garbage {
        let kept = needed.packages.union(pins.packages)
        var garbage = try objects.reading { (transaction) throws(StoreError) in
            var garbage = Garbage()
            garbage.pins = pins
            var drops = ClaimDrops()
            let recorded = try catalog.packages(in: transaction)
            // What a state needs whose package is not known cannot be told from what nothing needs.
            if dying == nil, let lost = needed.packages.subtracting(recorded).min() {
                throw StoreError.unknownPackage(lost)
            }
            for id in dying ?? recorded where !needed.packages.contains(id) {
                if pins.packages.contains(id) {
                    garbage.pinnedPackages.append(id)
                    continue
                }
                garbage.packages.append(try deadPackage(id, transaction))
                try drops.add(catalog.layoutBytes(of: id, in: transaction), effective: objects.effective)
            }
            // The rest of the dying is still recorded, and counts.
            let living = dying.map { Set(recorded).subtracting($0) } ?? kept
            try settle(drops, &garbage, keeping: living, transaction)
            if dying != nil { return garbage }
            for (digest, size) in needed.doubtful where !needed.objects.contains(digest) {
                let stored = try Self.record(of: digest, transaction)
                let record = garbage.records[digest] ?? stored
                if record?.variants.contains(objects.effective(.plainFile)) == true { continue }
                garbage.copies[digest, default: ObjectRecord(size: size, variants: [])].add(
                    objects.effective(.plainFile))
            }
            try findPending(&garbage, transaction)
            return garbage
        }
        if dying == nil { garbage.trees = try unreachableTrees(from: needed.trees) }
        return garbage
    }

    private func deadPackage(
        _ id: PackageID, _ transaction: borrowing ReadTransaction
    ) throws(StoreError) -> Garbage.Package {
        let metadata = try catalog.metadata(of: id, in: transaction)
        var claims: [Digest128] = []
        do throws(TreeError) {
            var groups = try LayoutGroups(try layout(of: id, transaction))
            while let group = try groups.next() {
                var records = group.records
                while let record = try records.next() {
                    guard record.isDirectory else { continue }
                    let directory = BytePath(bytes: Array(group.path))
                    claims.append(Digest128(hashing: directory.appending(BytePath(record.name)).bytes))
                }
            }
        } catch {
            throw .tree(error)
        }
        return Garbage.Package(
            id: id, name: metadata.name, versionText: metadata.versionText, claimKeys: claims,
            capabilityKeys: metadata.capabilityKeys)
    }

    /// Turns what the dead give up into new records and copies that go.
    private func settle(
        _ drops: ClaimDrops, _ garbage: inout Garbage, keeping kept: Set<PackageID>,
        _ transaction: borrowing ReadTransaction
    ) throws(StoreError) {
        var uncounted: [ObjectID: ObjectRecord] = [:]
        for (digest, drop) in drops.objects {
            let record = try Self.record(of: digest, transaction)
            if let rest = record?.dropping(drop) {
                garbage.note(digest, from: record, to: rest)
            } else {
                uncounted[digest] = record ?? drop.record
            }
        }
        if uncounted.isEmpty { return }
        let counted = try claims(on: Set(uncounted.keys), of: kept, transaction)
        for (digest, record) in uncounted {
            var known = record
            for variant in drops.objects[digest]?.record.variants ?? [] { known.add(variant) }
            garbage.note(digest, from: known, to: counted[digest])
        }
    }

    /// What `packages` ask for among `objects`, counted from their layouts.
    func claims(
        on wanted: Set<ObjectID>?, of packages: Set<PackageID>, _ transaction: borrowing ReadTransaction
    ) throws(StoreError) -> [ObjectID: ObjectRecord] {
        var counted: [ObjectID: ObjectRecord] = [:]
        for id in packages where try catalog.contains(id, in: transaction) {
            var drops = ClaimDrops()
            try drops.add(catalog.layoutBytes(of: id, in: transaction), among: wanted, effective: objects.effective)
            for (digest, drop) in drops.objects {
                _ = counted[digest, default: ObjectRecord(size: drop.record.size, variants: [])].claim(drop.record)
            }
        }
        return counted
    }

    private static func record(
        of digest: ObjectID, _ transaction: borrowing ReadTransaction
    ) throws(StoreError) -> ObjectRecord? {
        try StoreError.catching { () throws(DatabaseError) in
            try transaction.value(in: ObjectBuckets.objects, for: digest)
        }
    }

    /// What earlier collections left to be removed, without what was recorded again since.
    private func findPending(
        _ garbage: inout Garbage, _ transaction: borrowing ReadTransaction
    ) throws(StoreError) {
        do throws(DatabaseError) {
            var objects = try transaction.cursor(in: ObjectBuckets.pendingObjects)
            while let (digest, record) = try objects.next() { garbage.pendingObjects[digest] = record }
            var manifests = try transaction.cursor(in: GarbageBuckets.pendingManifests)
            while let id = try manifests.nextKey() { garbage.pendingManifests.append(id) }
        } catch {
            throw .database(error)
        }
    }

    private func layout(
        of id: PackageID, _ transaction: borrowing ReadTransaction
    ) throws(TreeError) -> UnsafeRawBufferPointer {
        do throws(StoreError) {
            return try catalog.layoutBytes(of: id, in: transaction)
        } catch {
            // A package whose layout cannot be read: nothing may be removed.
            throw .damagedLayout
        }
    }

    func reachableTrees(from roots: [TreeID]) throws(StoreError) -> Set<TreeID> {
        var reached: Set<TreeID> = [Directory.empty.id]
        try objects.readingTrees { lookup in
            var pending = roots
            while let tree = pending.popLast() {
                guard reached.insert(tree).inserted else { continue }
                let directory = try Directory(lookup(tree), id: tree)
                if directory.totals.directories == 0 { continue }
                var cursor = directory.cursor
                while let record = try cursor.next() {
                    if record.isDirectory { pending.append(record.tree) }
                }
            }
        }
        return reached
    }

    private func unreachableTrees(from roots: [TreeID]) throws(StoreError) -> [TreeID] {
        let reached = try reachableTrees(from: roots)
        return try objects.reading { (transaction) throws(StoreError) in
            do throws(DatabaseError) {
                var unreachable: [TreeID] = []
                var cursor = try transaction.cursor(in: ObjectBuckets.trees)
                while let tree = try cursor.nextKey() {
                    if !reached.contains(tree) { unreachable.append(tree) }
                }
                return unreachable
            } catch {
                throw .database(error)
            }
        }
    }

    /// Runs `body` in a read transaction; `body` throws store errors only.
    func reading<R>(_ body: (borrowing ReadTransaction) throws(StoreError) -> R) throws(StoreError) -> R {
        do {
            return try database.view { transaction throws in try body(transaction) }
        } catch {
            throw StoreError(error)
        }
    }
}

extension Garbage {
    /// Notes what becomes of an object's record, and which copies go with that.
    mutating func note(_ digest: ObjectID, from old: ObjectRecord?, to new: ObjectRecord?) {
        guard let old else { return }
        let rest = new.flatMap { $0.variants.isEmpty ? nil : $0 }
        records[digest] = .some(rest)
        let gone = old.variants.filter { rest?.variants.contains($0) != true }
        if !gone.isEmpty { copies[digest] = ObjectRecord(size: old.size, variants: gone) }
    }
}

extension ObjectRecord {
    mutating func add(_ variant: EntryMetadata) {
        if !variants.contains(variant) { variants.append(variant) }
    }

    /// What is left without the claims of `drop`; nil where the counts are not known or cannot be right.
    fileprivate func dropping(_ drop: ClaimDrops.Drop) -> ObjectRecord? {
        guard isCounted else { return nil }
        var rest = ObjectRecord(size: size, variants: [])
        for (index, variant) in variants.enumerated() {
            let gone = drop.counts[variant] ?? 0
            guard claims[index] >= gone else { return nil }
            if claims[index] == gone { continue }
            rest.variants.append(variant)
            rest.claims.append(claims[index] - gone)
        }
        return drop.counts.keys.allSatisfy(variants.contains) ? rest : nil
    }
}

/// How many packages give up which variants of which objects.
struct ClaimDrops {
    struct Drop {
        var size: UInt64
        var counts: [EntryMetadata: UInt32] = [:]

        /// One claim on each variant.
        var record: ObjectRecord {
            ObjectRecord(
                size: size, variants: counts.keys.sorted { ($0.mode, $0.uid, $0.gid) < ($1.mode, $1.uid, $1.gid) })
        }
    }

    private(set) var objects: [ObjectID: Drop] = [:]

    /// Adds one package, which counts once for each variant, however many paths have it.
    mutating func add(
        _ layout: UnsafeRawBufferPointer, among wanted: Set<ObjectID>? = nil,
        effective: (EntryMetadata) -> EntryMetadata
    ) throws(StoreError) {
        var seen: Set<Claim> = []
        do throws(TreeError) {
            var groups = try LayoutGroups(layout)
            while let group = try groups.next() {
                var records = group.records
                while let record = try records.next() {
                    guard record.kind == .regular, record.size > 0, wanted?.contains(record.object) != false else {
                        continue
                    }
                    let claim = Claim(object: record.object, variant: effective(record.metadata))
                    guard seen.insert(claim).inserted else { continue }
                    objects[claim.object, default: Drop(size: record.size)].counts[claim.variant, default: 0] += 1
                }
            }
        } catch {
            throw .tree(error)
        }
    }

    private struct Claim: Hashable {
        let object: ObjectID
        let variant: EntryMetadata
    }
}
