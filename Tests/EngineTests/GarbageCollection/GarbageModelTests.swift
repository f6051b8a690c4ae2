import BytePath
import Digests
import FileTree
import GarbageCollection
import Glibc
import LinuxSystem
import ObjectStore
import PackageCatalog
import PackageModel
import States
import Storage
import TestSupport
import Testing

/// Random histories of packages, states, leases, stops and collections, held against a mark and sweep of sets.
struct GarbageModelTests {
    @Test("40 random histories end as mark and sweep says", arguments: 1...40)
    func quick(seed: UInt64) throws { try run(seed) }

    @Test("1,000 random histories end as mark and sweep says", .long)
    func long() throws {
        for seed in UInt64(1000)..<2000 { try run(seed) }
    }

    private func run(_ seed: UInt64) throws {
        try withScratchDirectory(inMemory: true) { path in
            try withEngineScratch(in: path) { scratch in
                let history = GarbageHistory(scratch, seed: seed)
                do {
                    for _ in 0..<25 { try history.step() }
                    try history.collect(looksEverywhere: true)
                } catch {
                    throw Failure(description: "seed \(seed) after \(history.steps): \(error)")
                }
            }
        }
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }
}

/// One history: what was done to a store, and what must be there.
private final class GarbageHistory {
    private struct Held {
        let packages: Set<PackageID>
        let objects: Set<ObjectID>
    }

    private struct ModelState {
        let packages: Set<PackageID>
        let tree: ComposedTree
        let generated: ObjectID
    }

    /// A lease is not copyable, an array of boxes is.
    private final class LeaseBox {
        var lease: Lease?
        let held: Held
        init(_ lease: consuming Lease, _ held: Held) {
            self.lease = consume lease
            self.held = held
        }
    }

    private let scratch: EngineScratch
    private var collector: GarbageCollector { scratch.collector }
    private var generator: SeededGenerator
    private var records: [PackageID: PackageRecord] = [:]
    private var recorded: Set<PackageID> = []
    private var states: [ModelState] = []
    private var leases: [LeaseBox] = []
    /// Every object file there is, by its path below `.moss`.
    private var files: Set<BytePath> = []
    private var manifests: Set<PackageID> = []
    /// What failed commands brought, and nobody looked for yet.
    private var orphans: Set<BytePath> = []
    private var nextPackage = 0
    private(set) var steps: [String] = []

    init(_ scratch: EngineScratch, seed: UInt64) {
        self.scratch = scratch
        generator = SeededGenerator(seed: seed)
    }

    func step() throws {
        let kind = Int.random(in: 0..<12, using: &generator)
        switch kind {
        case 0...3: try addState()
        case 4: try failToInstall()
        case 5, 6: try dropStates(stop: false)
        case 7: try dropStates(stop: true)
        case 8: try takeLease()
        case 9: releaseLease()
        case 10: try forgetCounts()
        default: try race()
        }
    }

    // MARK: Steps

    private func newPackage() throws -> PackageRecord {
        nextPackage += 1
        var package = SamplePackage(name: "p\(nextPackage)")
        for number in 0..<Int.random(in: 1...6, using: &generator) {
            let bytes = noise(Int.random(in: 0..<12, using: &generator) * 7, seed: 5)
            let mode = [0o644, 0o644, 0o755, 0o600, 0o4755].randomElement(using: &generator) ?? 0o644
            // Directories of several packages may come out equal.
            let place = Bool.random(using: &generator) ? "share/p\(nextPackage)" : "share/p\(nextPackage)/x"
            package.add(file: BytePath("\(place)/f\(number)"), bytes, mode: UInt32(mode))
        }
        let record = try scratch.ingest(package)
        records[record.id] = record
        return record
    }

    private func paths(_ record: PackageRecord) -> Set<BytePath> {
        var paths: Set<BytePath> = []
        for (digest, object) in record.objects {
            for variant in object.variants { paths.insert(EngineScratch.objectPath(digest, variant)) }
        }
        return paths
    }

    private func generatedPath(_ digest: ObjectID) -> BytePath {
        EngineScratch.objectPath(digest, scratch.objects.effective(.plainFile))
    }

    private func addState() throws {
        var chosen = recorded.sorted().filter { _ in Int.random(in: 0..<3, using: &generator) > 0 }
        var fresh: [PackageRecord] = []
        for _ in 0..<Int.random(in: 0...2, using: &generator) { fresh.append(try newPackage()) }
        chosen += fresh.map(\.id)
        let generated = try scratch.objects.addObject(
            noise(Int.random(in: 1...3, using: &generator), seed: 9), .plainFile)
        try scratch.record(fresh)
        let tree = try scratch.composed(chosen.compactMap { records[$0] })
        recorded.formUnion(fresh.map(\.id))
        manifests.formUnion(fresh.map(\.id))
        for record in fresh {
            files.formUnion(paths(record))
            orphans.subtract(paths(record))
        }
        files.insert(generatedPath(generated))
        states.append(ModelState(packages: Set(chosen), tree: tree, generated: generated))
        steps.append("state of \(chosen.count)")
    }

    private func failToInstall() throws {
        let record = try newPackage()
        orphans.formUnion(paths(record).subtracting(files))
        files.formUnion(paths(record))
        steps.append("failed install")
    }

    private func dropStates(stop: Bool) throws {
        var leaving: [ModelState] = []
        states.removeAll { state in
            let goes = Int.random(in: 0..<3, using: &generator) == 0
            if goes { leaving.append(state) }
            return goes
        }
        steps.append("\(stop ? "stopped" : "whole") collection without \(leaving.count)")
        let garbage = try find(leaving, looksEverywhere: false)
        try removeRecords(garbage)
        if stop { return }
        try sweep()
        try check(looksEverywhere: false)
    }

    /// Somebody pins what a collection has chosen, before that commits itself.
    private func race() throws {
        let leaving = states.isEmpty ? [] : [states.removeFirst()]
        let garbage = try find(leaving, looksEverywhere: false)
        steps.append("race without \(leaving.count)")
        try takeLease()
        try removeRecords(garbage)
        try sweep()
        try check(looksEverywhere: false)
    }

    private func takeLease() throws {
        let packages = Set(recorded.filter { _ in Int.random(in: 0..<4, using: &generator) == 0 })
        let objects = Set(states.map(\.generated).prefix(1))
        let description = LeaseDescription(process: 1, mountpoint: "/mnt", shows: "something")
        let lease = try scratch.leases.take(description, packages: packages.sorted(), objects: Array(objects))
        leases.append(LeaseBox(lease, Held(packages: packages, objects: objects)))
        steps.append("lease on \(packages.count)")
    }

    private func releaseLease() {
        guard let box = leases.popLast(), let lease = box.lease.take() else { return }
        lease.release()
        steps.append("release")
    }

    /// As older versions wrote them, and as whoever repairs may.
    private func forgetCounts() throws {
        let all = try scratch.objectRecords().sorted { $0.key < $1.key }
        let some = all.filter { _ in Int.random(in: 0..<2, using: &generator) == 0 }
        try scratch.database.update { transaction throws in
            for (digest, record) in some {
                let uncounted = ObjectRecord(size: record.size, variants: record.variants)
                try transaction.put(uncounted, in: EngineScratch.objects, for: digest)
            }
        }
        steps.append("forgot counts")
    }

    // MARK: Collecting

    func collect(looksEverywhere: Bool) throws {
        steps.append("last collection")
        while let box = leases.popLast() { if let lease = box.lease.take() { lease.release() } }
        let garbage = try find([], looksEverywhere: looksEverywhere)
        try removeRecords(garbage)
        try sweep()
        try collector.removeTemporaries(of: garbage)
        try check(looksEverywhere: looksEverywhere)
        // Counts that nobody needed may still be missing; the mark puts them right.
        let (differences, cure) = try collector.compareWithMark(needed([]))
        guard differences.allSatisfy({ $0.kind == .wrongCount }) else { throw Complaint("\(differences)") }
        try removeRecords(cure)
        guard try collector.compareWithMark(needed([])).0.isEmpty else { throw Complaint("mending mends not") }
    }

    private func needed(_ leaving: [ModelState]) -> Needed {
        var needed = Needed(packages: [], objects: [], trees: states.map(\.tree.root))
        for state in states {
            needed.packages.formUnion(state.packages)
            needed.objects.insert(state.generated)
        }
        for state in leaving { needed.doubtful[state.generated] = 3 }
        return needed
    }

    private func find(_ leaving: [ModelState], looksEverywhere: Bool) throws -> Garbage {
        let needed = needed(leaving)
        var garbage = try collector.findGarbage(needed)
        if looksEverywhere { try collector.findLeftovers(&garbage, generated: needed.objects) }
        return garbage
    }

    private func removeRecords(_ garbage: Garbage) throws {
        try scratch.database.update { transaction throws in
            try GarbageCollector.removeRecords(of: garbage, in: &transaction)
        }
        recorded.subtract(garbage.packages.map(\.id))
    }

    private func sweep() throws {
        _ = try collector.sweep(anyway: false) { _ in }
    }

    // MARK: Checking

    private struct Complaint: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    private func check(looksEverywhere: Bool) throws {
        var live = states.reduce(into: Set<PackageID>()) { $0.formUnion($1.packages) }
        var objects = Set(states.map { generatedPath($0.generated) })
        for box in leases {
            live.formUnion(box.held.packages)
            objects.formUnion(box.held.objects.map(generatedPath))
        }
        var marked = objects
        for id in live { if let record = records[id] { marked.formUnion(paths(record)) } }
        // What a lease pins although its records are gone stays in all its variants.
        let digests = live.subtracting(recorded).reduce(into: Set<String>()) { digests, id in
            digests.formUnion(records[id]?.objects.keys.map(\.hexadecimal) ?? [])
        }
        orphans.subtract(marked)
        marked.formUnion(files.filter { digests.contains(String($0.lastComponent.display.prefix(32))) })
        if looksEverywhere { orphans = [] }
        files.formIntersection(marked.union(orphans))
        manifests.formIntersection(live)
        try expect("files", Set(scratch.objectFiles()), files)
        try expect("packages", Set(scratch.packageIDs()), recorded.intersection(live))
        recorded.formIntersection(live)
        let names = try Descriptor.openDirectory(scratch.root.appending(".moss/packages")).entries().map(\.name)
        try expect("manifests", Set(names), Set(manifests.map { BytePath("\($0.hexadecimal).stone") }))
        try expect("trees", trees(), reachable())
    }

    private func expect<Element: Hashable>(
        _ what: String, _ found: Set<Element>, _ expected: Set<Element>
    ) throws {
        guard found != expected else { return }
        throw Complaint(
            "\(what): \(found.subtracting(expected)) should be gone, \(expected.subtracting(found)) should be there")
    }

    private func trees() throws -> Set<TreeID> {
        let bucket = Bucket<TreeID, [UInt8]>("trees")
        return try scratch.database.view { transaction throws in
            var trees: Set<TreeID> = []
            var cursor = try transaction.cursor(in: bucket)
            while let tree = try cursor.nextKey() { trees.insert(tree) }
            return trees.subtracting([Directory.empty.id])
        }
    }

    private func reachable() throws -> Set<TreeID> {
        var reached: Set<TreeID> = []
        try scratch.objects.readingTrees { lookup in
            var pending = states.map(\.tree.root)
            while let tree = pending.popLast() {
                guard reached.insert(tree).inserted else { continue }
                for entry in try Directory(lookup(tree), id: tree).entries() { entry.tree.map { pending.append($0) } }
            }
        }
        return reached.subtracting([Directory.empty.id])
    }
}
