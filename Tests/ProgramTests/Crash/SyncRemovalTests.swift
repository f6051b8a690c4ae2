import BytePath
import LinuxSystem
import TestSupport
import Testing

/// Every sync is needed: what the product does without it, on a simulated disk, breaks a promise.
@Suite(.serialized) struct SyncRemovalTests {
    /// One sync of one recorded operation.
    private struct Row {
        let site: Int
        let operation: String
        /// nil where nothing breaks.
        let violation: String?
    }

    private struct Work {
        var waiting: [CrashOperation]
        var rows: [Row] = []
        var strangers: [String] = []
        var failure: (any Error)?
    }

    /// - Parameter isBrief: only until each site has broken something once, in the operation that it names.
    private func rows(isBrief: Bool) throws -> [Row] {
        var generator = SeededGenerator.forTest()
        let seed = generator.next()
        let operations = CrashOperation.chosen.filter { operation in
            !isBrief || SyncSite.all.contains { $0.operation == operation.name }
        }
        let work = Guarded(Work(waiting: operations.reversed()))
        withThreads(processorCount()) { _ in
            while let operation = work.withLock({ $0.waiting.popLast() }) {
                do {
                    try Self.addRows(of: operation, seed, isBrief, to: work)
                } catch {
                    work.withLock { $0.failure = error }
                }
            }
        }
        return try work.withLock { work in
            if let failure = work.failure { throw failure }
            #expect(work.strangers == [], "syncs that SyncSite does not know")
            return work.rows
        }
    }

    private static func addRows(
        of operation: CrashOperation, _ seed: UInt64, _ isBrief: Bool, to work: borrowing Guarded<Work>
    ) throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let directory = try Descriptor.openDirectory(scratch)
            for name in ["recorded", "disk"] as [BytePath] { try directory.makeDirectory(name) }
            let recording = try CrashRecording(operation, in: scratch.appending("recorded"))
            let run = try CrashRun(recording, in: scratch.appending("disk"), seed: seed)
            for (number, sync) in recording.history.syncs.enumerated() {
                let command = operation.steps[sync.command].name
                let sites = SyncSite.all.indices.filter { SyncSite.all[$0].claims(command, sync.name) }
                guard let site = sites.first, sites.count == 1 else {
                    work.withLock { $0.strangers.append("\(command): \(sync.name)") }
                    continue
                }
                let isKnown = work.withLock { $0.rows.contains { $0.site == site && $0.violation != nil } }
                if isBrief && (isKnown || SyncSite.all[site].operation != operation.name) { continue }
                let violation = try firstViolation(run, without: number, sync)
                if !isBrief {
                    print("| \(operation.name) | \(command): \(sync.name) | \(violation ?? "nothing") |")
                }
                work.withLock {
                    $0.rows.append(
                        Row(
                            site: site, operation: operation.name,
                            violation: violation))
                }
            }
        }
    }

    private static func firstViolation(
        _ run: CrashRun, without number: Int, _ sync: DiskHistory.Sync
    ) throws -> String? {
        // What it leaves undone is done by a later one, or shows soon.
        let last = min(run.recording.history.eventCount, sync.event + 120)
        let cuts = Array((sync.event + 1)...last)
        for model in DiskModel.allCases {
            let tally = try run.run(model, without: [number], cuts: cuts, limits: .removal, followingEvery: 0) {
                !$0.violations.isEmpty
            }
            if let violation = tally.violations.first { return violation }
        }
        return nil
    }

    private func check(_ rows: [Row]) {
        print("| sync | made in | needed | found without it |\n|---|---|---|---|")
        for (number, site) in SyncSite.all.enumerated() {
            let mine = rows.filter { $0.site == number }
            let needed = mine.filter { $0.violation != nil }
            let first = needed.first { $0.operation == site.operation }.map { "\($0.operation): \($0.violation ?? "")" }
            print(
                "| \(site.name) | `\(site.source)` | \(needed.count) of \(mine.count) times | \(first ?? "NOTHING") |")
            #expect(!mine.isEmpty, "\(site.name): \(site.operation) does not come by here")
            #expect(first != nil, "\(site.name): nothing breaks without it in \(site.operation)")
        }
    }

    @Test func everySyncIsNeeded() throws {
        check(try rows(isBrief: true))
    }

    /// The same for each time that a sync is made; elsewhere another one may do its work.
    @Test(.long) func everySyncOfEveryOperation() throws {
        let rows = try rows(isBrief: false)
        check(rows)
    }

    /// Files of the product that wait for the disk, and why no site stands for them.
    private static let others = [
        "ObjectStore/ObjectStore.swift": "passes the call on",
        "Publishing/CollectionIndexer.swift": "writes beside stones, not into a root",
        "Publishing/PublishedFiles.swift": "writes a collection, not into a root",
        "CollectionIndex/CollectionCache.swift": "what older things are told by; all else can be fetched again",
        "States/RootFormat.swift": "what older versions refuse a root by; this one reads both formats under either",
        "Trust/KeyDirectory.swift": "writes a person's keys, not into a root",
        "Trust/PublishedKeys.swift": "writes beside stones, not into a root",
    ]

    /// A call that waits for the disk needs a site, and with it an operation that shows what it is for.
    @Test func everyCallHasASite() throws {
        let known = Set(SyncSite.all.map(\.source)).union(Self.others.keys)
        let calls = [".syncFileSystem()", ".syncDirectory()", ".syncData()", "file.sync()", "durable: true"]
        for floor in ["Engine", "Clients"] {
            let sources = packageRoot.appending(BytePath("Sources/\(floor)"))
            for entry in try TreeListing(of: sources).entries where entry.path.display.hasSuffix(".swift") {
                let text = String(decoding: try Descriptor.open(sources.appending(entry.path)).readAll(), as: UTF8.self)
                guard calls.contains(where: { text.contains($0) }) else { continue }
                let components = entry.path.components.map { BytePath($0).display }
                let name = "\(components.first ?? "")/\(components.last ?? "")"
                #expect(known.contains(name), "\(name) waits for the disk, and SyncSite does not know it")
            }
        }
    }

    /// The table for people is the one that is tested.
    @Test func theTableIsInTheReadme() throws {
        let bytes = try Descriptor.open(packageRoot.appending("Tests/README.md")).readAll()
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        let rows = SyncSite.all.map { "| \($0.name) | `\($0.source)` | \($0.operation) | \($0.damage) |" }
        #expect(lines.filter { $0.contains(".swift` |") } == rows)
    }
}

extension CrashPoints.Limits {
    /// Enough to see what one missing sync breaks.
    fileprivate static let removal = CrashPoints.Limits(singles: 4, randoms: 3, tears: 1)
}
