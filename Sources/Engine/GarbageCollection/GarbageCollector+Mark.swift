internal import BytePath
internal import Digests
internal import FileTree
internal import LinuxSystem
package import ObjectStore
internal import PackageCatalog
internal import PackageModel
internal import Storage

/// Something that collecting by counts and a full mark of everything do not agree on.
package struct MarkDifference: Hashable, Sendable {
    package enum Kind: String, Sendable {
        /// The record of an object does not say how many packages ask for it.
        case wrongCount
        /// Something nothing needs was not collected.
        case notCollected
        /// Something that is needed is not there.
        case missing
    }

    package let kind: Kind
    /// A path below `.moss`, or what it is and its name.
    package let subject: String
}

/// Marking everything that is needed, from the layouts, and holding that against what there is: as slow as the store is
/// large, and independent of every count.
extension GarbageCollector {
    /// What differs, and the garbage that puts it right; run it after a collection, with the root's lock held.
    ///
    /// - Parameter collected: what was removed. Views come and go meanwhile: what one kept that has ended since is still
    ///   there, and is none of this comparison's.
    package func compareWithMark(
        _ needed: Needed, after collected: Garbage = Garbage()
    ) throws(StoreError) -> ([MarkDifference], Garbage) {
        let pins = try leases.pins().union(collected.pins)
        let kept = needed.packages.union(pins.packages)
        var garbage = try findGarbage(needed, pins)
        var differences = garbage.packages.map {
            MarkDifference(kind: .notCollected, subject: "package \($0.name) \($0.versionText)")
        }
        differences += garbage.trees.map { MarkDifference(kind: .notCollected, subject: "tree \($0)") }
        differences += try objects.reading { (transaction) throws(StoreError) in
            let marked = try claims(on: nil, of: kept, transaction)
            return try compareRecords(marked, &garbage, transaction) + missingPackages(needed, transaction)
        }
        differences += try missingTrees(needed.trees)
        differences += try compareFiles(&garbage, needed, pins)
        return (differences, garbage)
    }

    private func compareRecords(
        _ marked: [ObjectID: ObjectRecord], _ garbage: inout Garbage, _ transaction: borrowing ReadTransaction
    ) throws(StoreError) -> [MarkDifference] {
        do throws(DatabaseError) {
            var differences: [MarkDifference] = []
            var seen = 0
            var cursor = try transaction.cursor(in: ObjectBuckets.objects)
            while let (digest, record) = try cursor.next() {
                let expected = marked[digest]
                if expected != nil { seen += 1 }
                if let expected, expected.asksForSame(as: record) { continue }
                let kind: MarkDifference.Kind = expected == nil ? .notCollected : .wrongCount
                differences.append(MarkDifference(kind: kind, subject: "object \(digest)"))
                garbage.note(digest, from: record, to: expected)
            }
            if seen == marked.count { return differences }
            for (digest, expected) in marked where try !transaction.contains(digest, in: ObjectBuckets.objects) {
                differences.append(MarkDifference(kind: .missing, subject: "record of object \(digest)"))
                garbage.note(digest, from: expected, to: expected)
            }
            return differences
        } catch {
            throw .database(error)
        }
    }

    private func missingPackages(
        _ needed: Needed, _ transaction: borrowing ReadTransaction
    ) throws(StoreError) -> [MarkDifference] {
        var differences: [MarkDifference] = []
        for id in needed.packages.sorted() where try !catalog.contains(id, in: transaction) {
            differences.append(MarkDifference(kind: .missing, subject: "package \(id)"))
        }
        return differences
    }

    private func missingTrees(_ roots: [TreeID]) throws(StoreError) -> [MarkDifference] {
        do throws(StoreError) {
            _ = try reachableTrees(from: roots)
            return []
        } catch {
            guard case .tree(.missing(let id)) = error else { throw error }
            return [MarkDifference(kind: .missing, subject: "tree \(id)")]
        }
    }

    private func compareFiles(
        _ garbage: inout Garbage, _ needed: Needed, _ pins: Leases.Pins
    ) throws(StoreError) -> [MarkDifference] {
        let known = garbage.copies
        try findLeftovers(&garbage, generated: needed.objects)
        var differences: [MarkDifference] = []
        for (digest, copies) in garbage.copies {
            for variant in copies.variants where known[digest]?.variants.contains(variant) != true {
                let name = ObjectName(digest, variant)
                differences.append(
                    MarkDifference(
                        kind: .notCollected,
                        subject: "objects/\(ObjectName.shardName(name.shard))/\(name.display)"))
            }
        }
        differences += garbage.strayManifests.map {
            MarkDifference(kind: .notCollected, subject: "packages/\(PackageCatalog.manifestName($0))")
        }
        differences += garbage.temporaries.map { MarkDifference(kind: .notCollected, subject: $0.display) }
        return differences
    }
}

extension ObjectRecord {
    /// Whether both have the same variants with the same counts.
    fileprivate func asksForSame(as other: ObjectRecord) -> Bool {
        guard size == other.size, variants.count == other.variants.count, other.isCounted else { return false }
        return zip(variants, claims).allSatisfy { variant, count in
            other.variants.firstIndex(of: variant).map { other.claims[$0] == count } ?? false
        }
    }
}
