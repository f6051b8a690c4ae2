import BytePath
import CollectionIndex
import CollectionSettings
import Digests
import Installation
import LinuxSystem
import ObjectStore
import PackageModel
import States
import Storage
import TestSupport

/// Opens a root that a power cut left, with the product's own code, and checks what is promised.
struct CrashChecker {
    let disk: CrashDisk
    /// After each command of the operation, beginning with the root before the first.
    let outcomes: [CrashOutcome]

    /// What may be found after a power cut.
    struct Expectation {
        /// The outcomes it may have come to.
        let outcomes: ClosedRange<Int>
        /// Whether nothing half-made may stay; a disk that keeps no order can lose the mark by which it is found.
        let isTidy: Bool
        /// Make another change afterwards.
        let goesOn: Bool
        /// It was damaged before, and must be repairable now.
        let isDamaged: Bool
    }

    /// - Returns: the first promise that is broken, or nil.
    func violation(of root: BytePath, _ expected: Expectation) throws -> String? {
        let allowed = outcomes[expected.outcomes]
        do {
            if try !isRoot(root) {
                guard allowed.contains(where: { $0.active == nil }) else { return "the root is none any more" }
                _ = try Installation.initialise(root)
                return try Installation(opening: root, .changing(waiting: nil)).activeState() == nil
                    ? nil : "a state came from nowhere"
            }
            if expected.isDamaged {
                let report = try Installation.check(root, CheckOptions(depth: .full, repairs: true))
                if let lost = report.findings.first(where: { $0.outcome == .lost }) { return "lost: \(lost.damage)" }
            }
            let installation = try Installation(opening: root, .changing(waiting: nil))
            if let problem = try violation(of: installation, root, allowed, expected) { return problem }
            return expected.goesOn ? try problemGoingOn(installation, root) : nil
        } catch {
            return "\(error)"
        }
    }

    private func isRoot(_ root: BytePath) throws -> Bool {
        try Descriptor.openDirectory(root).statusIfPresent(of: ".moss/format") != nil
    }

    private func violation(
        of installation: Installation, _ root: BytePath, _ allowed: ArraySlice<CrashOutcome>, _ expected: Expectation
    ) throws -> String? {
        let problems = try DatabaseFile.read(root.appending(".moss/db")) { _ in }
        if let problem = problems.first { return "the database: \(problem.text)" }
        let active = try installation.activeState()?.number ?? 0
        let states = try installation.states()
        let settings = try CrashOutcome.settings(of: installation)
        guard let outcome = allowed.first(where: { $0.isSame(active, states, settings) }) else {
            return "state \(active) of \(states.map(\.number)) with \(settings), not one of "
                + allowed.map {
                    "\($0.active.map { "\($0)" } ?? "no root") of \($0.states.map(\.number)) with \($0.settings)"
                }
                .joined(separator: " or ")
        }
        if let problem = try problemOfLiveTree(installation, root, outcome) { return problem }
        for state in states {
            if let problem = try problem(of: state, installation, outcome) {
                return "state \(state.number): \(problem)"
            }
        }
        if let problem = try problemOfSlots(installation) { return problem }
        return try expected.isTidy ? litter(installation, states) : nil
    }

    private func problemOfLiveTree(
        _ installation: Installation, _ root: BytePath, _ outcome: CrashOutcome
    ) throws -> String? {
        var listing = try disk.listing(of: root.appending("usr"))
        let active = outcome.active ?? 0
        if active > 0 {
            let number = try Descriptor.openDirectory(root).readFile("usr/.stateID")
            guard number == Array("\(active)".utf8) else {
                return ".stateID is \(String(decoding: number, as: UTF8.self))"
            }
        }
        listing.entries.removeAll { $0.path == ".stateID" }
        let expected = outcome.listings[active] ?? TreeListing(entries: [])
        return Self.firstDifference(listing, expected).map { "/usr: \($0)" }
    }

    private static func firstDifference(_ found: TreeListing, _ expected: TreeListing) -> String? {
        found == expected ? nil : found.differences(from: expected).first ?? "other order"
    }

    /// Everything a visible state needs is there: its tree, its packages, its objects, and what it can be rebuilt from.
    private func problem(of state: State, _ installation: Installation, _ outcome: CrashOutcome) throws -> String? {
        if let expected = outcome.listings[state.number],
            let difference = Self.firstDifference(try TreeListing(recorded: state, in: installation), expected)
        {
            return "tree: \(difference)"
        }
        _ = try installation.packages(of: state)
        let store = try installation.root.moss.duplicate()
        for (path, entry) in outcome.objects[state.number] ?? [:] {
            guard let status = try store.statusIfPresent(of: path) else { return "no object for \(entry.path)" }
            guard status.size == entry.size, try disk.digest(of: path, below: store, status) == entry.digest else {
                return "wrong bytes in the object of \(entry.path)"
            }
            guard status.permissions == entry.mode, status.uid == entry.uid, status.gid == entry.gid else {
                return "wrong mode or owner of the object of \(entry.path)"
            }
        }
        for (path, digest) in outcome.manifests[state.number] ?? [:] {
            guard let bytes = try store.readFileIfPresent(path), ObjectID(hashing: bytes) == digest else {
                return "no good manifest \(path.display)"
            }
        }
        let file = try store.readFileIfPresent(BytePath("states/\(state.number)"))
        guard let file, try file.withUnsafeBytes({ try State(decoding: $0) }) == state else {
            return "no good state file"
        }
        return nil
    }

    /// A spare is what its record says: it is going to be patched and made live.
    private func problemOfSlots(_ installation: Installation) throws -> String? {
        let slots = try installation.stateStore.viewing { (transaction) throws(StateError) in
            try StateError.database { () throws(DatabaseError) in
                var slots: [(UInt64, TreeSlot)] = []
                var cursor = try transaction.cursor(in: StateBuckets.slots)
                while let slot = try cursor.next() { slots.append(slot) }
                return slots
            }
        }
        for (number, slot) in slots {
            guard let content = slot.content, content.stamp != 0 else { continue }
            let place = installation.root.path.appending(".moss/trees/\(number)")
            guard
                try Descriptor.openDirectory(installation.root.path).statusIfPresent(
                    of: BytePath(".moss/trees/\(number)")) != nil
            else { return "spare \(number) is recorded and missing" }
            var listing = try disk.listing(of: place)
            listing.entries.removeAll { $0.path == ".stateID" }
            guard
                let expected = outcomes.lazy.compactMap({ outcome in
                    outcome.states.first { $0.tree == content.tree }.flatMap { outcome.listings[$0.number] }
                }).first ?? (listing.entries.isEmpty ? listing : nil)
            else { continue }
            if let difference = Self.firstDifference(listing, expected) { return "spare \(number): \(difference)" }
        }
        return nil
    }

    private func litter(_ installation: Installation, _ states: [State]) throws -> String? {
        let names = try Set(installation.root.moss.openDirectory("states").entries().map(\.name.display))
        let records = Set(states.map { "\($0.number)" })
        if names != records { return "state files \(names.sorted()), records \(records.sorted())" }
        for directory in ["packages", "states", "."] as [BytePath] {
            for entry in try installation.root.moss.openDirectory(directory).entries() {
                if entry.name.display.hasSuffix(".next") {
                    return "left over: \(directory.display)/\(entry.name.display)"
                }
            }
        }
        let objects = try installation.root.moss.openDirectory("objects")
        for shard in try objects.entries() {
            for entry in try objects.openDirectory(shard.name).entries()
            where entry.name.bytes.first == UInt8(ascii: ".") {
                return "left over: objects/\(shard.name.display)/\(entry.name.display)"
            }
        }
        return nil
    }

    /// The next change, and preparing the next spare, must work.
    private func problemGoingOn(_ installation: Installation, _ root: BytePath) throws -> String? {
        // Before its collection is added, nothing offers it.
        guard try !installation.collections.registry().packages(named: "other").isEmpty else { return nil }
        let plan = try installation.plan(.install(["other"]))
        let state = try installation.apply(plan)
        _ = try installation.tidy()
        let differences = try installation.differencesOfLiveTree(from: state)
        if let first = differences.first { return "after the next change: \(first)" }
        return try problemOfSlots(installation)
    }
}
