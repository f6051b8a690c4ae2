import BytePath
import LinuxSystem
import Synchronization
import TestSupport
import Testing

/// Every sync is needed: what the product does without it, on a simulated disk, breaks a promise.
@Suite(.serialized) struct SyncRemovalTests {
    /// One sync of one recorded operation.
    private struct Row {
        let site: Int
        let operation: String
        let call: String
        /// nil where nothing breaks.
        let violation: String?
    }

    private struct Work {
        var waiting: [CrashOperation]
        var rows: [Row] = []
        var strangers: [String] = []
        var failure: (any Error)?
    }

    /// Operations that pass all sites between them.
    private static let operations = [
        "init", "install", "first install", "activate", "collections", "state remove", "tidy", "finish", "forget",
        "full links", "pins",
    ]

    private func rows(untilSitesAreKnown stopsEarly: Bool) throws -> [Row] {
        var generator = SeededGenerator.forTest()
        let seed = generator.next()
        let operations = CrashOperation.all.filter { Self.operations.contains($0.name) }
        let work = Mutex(Work(waiting: operations.reversed()))
        withThreads(processorCount()) { _ in
            while let operation = work.withLock({ $0.waiting.popLast() }) {
                do {
                    try Self.addRows(of: operation, seed, stopsEarly, to: work)
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
        of operation: CrashOperation, _ seed: UInt64, _ stopsEarly: Bool, to work: borrowing Mutex<Work>
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
                if stopsEarly && isKnown { continue }
                let violation = try firstViolation(run, without: number, sync)
                work.withLock {
                    $0.rows.append(
                        Row(
                            site: site, operation: operation.name, call: "\(command): \(sync.name)",
                            violation: violation))
                }
            }
        }
    }

    private static func firstViolation(
        _ run: CrashRun, without number: Int, _ sync: DiskHistory.Sync
    ) throws -> String? {
        let cuts = Array((sync.event + 1)...run.recording.history.eventCount)
        for model in DiskModel.allCases {
            let tally = try run.run(model, without: [number], cuts: cuts, limits: .removal, followingEvery: 0) {
                !$0.violations.isEmpty
            }
            if let violation = tally.violations.first { return violation }
        }
        return nil
    }

    private func check(_ rows: [Row]) {
        for (number, site) in SyncSite.all.enumerated() {
            let mine = rows.filter { $0.site == number }
            let needed = mine.filter { $0.violation != nil }
            let first = needed.first.map { "\($0.operation): \($0.violation ?? "")" } ?? "NOTHING"
            print("without | \(site.name) | \(site.source) | \(needed.count) of \(mine.count) | \(first)")
            #expect(!mine.isEmpty, "\(site.name): no operation comes by here")
            #expect(!needed.isEmpty, "\(site.name): nothing breaks without it")
        }
    }

    @Test func everySyncIsNeeded() throws {
        check(try rows(untilSitesAreKnown: true))
    }

    /// The same for each time that a sync is made; elsewhere another one may do its work.
    @Test(.long) func everySyncOfEveryOperation() throws {
        let rows = try rows(untilSitesAreKnown: false)
        for row in rows { print("\(row.operation) | \(row.call) | \(row.violation ?? "nothing")") }
        check(rows)
    }
}

extension CrashPoints.Limits {
    /// Enough to see what one missing sync breaks.
    fileprivate static let removal = CrashPoints.Limits(singles: 4, randoms: 3, tears: 1)
}
