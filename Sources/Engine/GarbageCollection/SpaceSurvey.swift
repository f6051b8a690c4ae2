internal import Digests
internal import FileTree
package import PackageModel

/// Who holds which copies of objects: all layouts are read once, then every question is a walk over small numbers.
package struct SpaceSurvey: Sendable {
    /// Somebody with objects: a state.
    package struct Holder: Sendable {
        package var packages: [PackageID]
        /// Objects besides those of the packages, with their sizes; plain files.
        package var objects: [ObjectID: UInt64]

        package init(packages: [PackageID], objects: [ObjectID: UInt64]) {
            self.packages = packages
            self.objects = objects
        }
    }

    /// What some holders have; every copy counts once.
    package struct Share: Hashable, Sendable {
        package var bytes: UInt64 = 0
        /// Bytes nobody else holds.
        package var exclusiveBytes: UInt64 = 0
        /// Of the exclusive bytes, those a live view keeps.
        package var viewBytes: UInt64 = 0
        /// Of the exclusive bytes, those a tree on disk has too, and no view.
        package var treeBytes: UInt64 = 0

        /// What comes free when these holders go.
        package var freedBytes: UInt64 {
            exclusiveBytes.subtractingSaturated(viewBytes).subtractingSaturated(treeBytes)
        }
    }

    /// What a package has; every copy counts once.
    package struct PackageShare: Hashable, Sendable {
        package var bytes: UInt64 = 0
        /// Bytes no other recorded package asks for.
        package var exclusiveBytes: UInt64 = 0
        package var holderCount = 0
    }

    /// A file in the store.
    struct Copy: Hashable {
        let object: ObjectID
        let variant: EntryMetadata

        /// Digests are as good as random already.
        func hash(into hasher: inout Hasher) { hasher.combine(object.low) }
    }

    private struct Facts {
        let size: UInt64
        var holderCount = 0
        var packageCount = 0
        /// While packages are added: the last one that has it.
        var lastPackage = 0
        var isInView = false
        var isInTree = false
    }

    private let holders: [Holder]
    private var numbers: [Copy: Int] = [:]
    private var facts: [Facts] = []
    private var packages: [PackageID: [Int]] = [:]
    private var holderCounts: [PackageID: Int] = [:]
    /// The objects of holders besides their packages'.
    private var others: [[Int]] = []
    /// Bytes that a collection would remove already now.
    package internal(set) var unneededBytes: UInt64 = 0

    init(_ holders: [Holder]) {
        self.holders = holders
    }

    // MARK: Building

    mutating func add(
        _ id: PackageID, _ layout: UnsafeRawBufferPointer, effective: (EntryMetadata) -> EntryMetadata
    ) throws(TreeError) {
        var owned: [Int] = []
        var groups = try LayoutGroups(layout)
        while let group = try groups.next() {
            var records = group.records
            while let record = try records.next() {
                guard record.kind == .regular, record.size > 0 else { continue }
                let copy = Copy(object: record.object, variant: effective(record.metadata))
                let number = number(of: copy, size: record.size)
                // Its own number, from 1, says that this package has the copy already.
                guard facts[number].lastPackage != packages.count + 1 else { continue }
                facts[number].lastPackage = packages.count + 1
                facts[number].packageCount += 1
                owned.append(number)
            }
        }
        packages[id] = owned
    }

    private mutating func number(of copy: Copy, size: UInt64) -> Int {
        if let known = numbers[copy] { return known }
        numbers[copy] = facts.count
        facts.append(Facts(size: size))
        return facts.count - 1
    }

    /// Counts holders; after all packages were added.
    mutating func count(plainFile: EntryMetadata) {
        for holder in holders {
            others.append(holder.objects.map { number(of: Copy(object: $0.key, variant: plainFile), size: $0.value) })
        }
        let counts = counts(of: Array(holders.indices))
        for number in facts.indices { facts[number].holderCount = counts[number] }
        for holder in holders {
            for id in Set(holder.packages) { holderCounts[id, default: 0] += 1 }
        }
    }

    /// Notes what live views show; `everything` where that is not known.
    mutating func noteViews(packages pinned: Set<PackageID>, objects: Set<ObjectID>, everything: Bool) {
        for id in pinned { for number in packages[id] ?? [] { facts[number].isInView = true } }
        guard everything || !objects.isEmpty else { return }
        for (copy, number) in numbers where everything || objects.contains(copy.object) {
            facts[number].isInView = true
        }
    }

    mutating func noteTree(_ copy: Copy) {
        if let number = numbers[copy] { facts[number].isInTree = true }
    }

    /// Adds to the unneeded bytes what is recorded and nobody holds.
    mutating func countUnneeded() {
        for fact in facts where fact.holderCount == 0 && !fact.isInView { unneededBytes.addSaturated(fact.size) }
    }

    // MARK: Asking

    /// Bytes of all copies that the survey knows.
    package var bytes: UInt64 { facts.saturatedSum { $0.size } }

    /// What the holders at these indices have together.
    package func share(of chosen: [Int]) -> Share {
        var share = Share()
        for (fact, count) in zip(facts, counts(of: chosen)) where count > 0 {
            share.bytes.addSaturated(fact.size)
            guard fact.holderCount == count else { continue }
            share.exclusiveBytes.addSaturated(fact.size)
            if fact.isInView {
                share.viewBytes.addSaturated(fact.size)
            } else if fact.isInTree {
                share.treeBytes.addSaturated(fact.size)
            }
        }
        return share
    }

    package func share(of id: PackageID) -> PackageShare {
        var share = PackageShare()
        for number in packages[id] ?? [] {
            let fact = facts[number]
            share.bytes.addSaturated(fact.size)
            if fact.packageCount == 1 { share.exclusiveBytes.addSaturated(fact.size) }
        }
        share.holderCount = holderCounts[id] ?? 0
        return share
    }

    /// How many of the chosen holders have each copy.
    private func counts(of chosen: [Int]) -> [Int] {
        var counts = Array(repeating: 0, count: facts.count)
        var last = Array(repeating: -1, count: facts.count)
        for holder in Set(chosen) {
            func visit(_ numbers: [Int]) {
                for number in numbers where last[number] != holder {
                    last[number] = holder
                    counts[number] += 1
                }
            }
            for id in holders[holder].packages { if let numbers = packages[id] { visit(numbers) } }
            visit(others[holder])
        }
        return counts
    }
}
