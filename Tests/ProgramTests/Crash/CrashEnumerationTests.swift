import BytePath
import Digests
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Power cuts, simulated: whole operations are recorded call by call, and every disk that a cut may leave is opened.
@Suite(.serialized) struct CrashEnumerationTests {
    private struct Total {
        var waiting: [CrashOperation]
        var cuts = 0
        var followed = 0
        var disks: Set<ObjectID> = []
        var violations: [String] = []
        var failure: (any Error)?
    }

    private func enumerate(cutsPerOperation: Int, _ limits: CrashPoints.Limits, followingEvery interval: Int) throws
        -> Int
    {
        var generator = SeededGenerator.forTest()
        let seed = generator.next()
        let total = Guarded(Total(waiting: CrashOperation.chosen.reversed()))
        let begin = ContinuousClock.now
        withThreads(processorCount()) { _ in
            while let operation = total.withLock({ $0.waiting.popLast() }) {
                do {
                    let (line, tally) = try Self.run(operation, cutsPerOperation, limits, interval, seed)
                    total.withLock {
                        $0.cuts += tally.cuts
                        $0.followed += tally.followed
                        $0.disks.formUnion(tally.disks)
                        // A broken promise shows at many points.
                        $0.violations += tally.violations.prefix(4).map { "\(operation.name): \($0)" }
                        print("\(line) (\($0.disks.count) in all)")
                    }
                } catch {
                    total.withLock { $0.failure = error }
                }
            }
        }
        return try total.withLock { total in
            if let failure = total.failure { throw failure }
            print(
                "power cuts: \(total.disks.count) distinct disks of \(total.cuts) cuts in \(CrashOperation.chosen.count) operations, "
                    + "\(total.followed) taken further, \(total.violations.count) violations, "
                    + "\(begin.duration(to: .now).components.seconds) s")
            for violation in total.violations.prefix(40) { Issue.record("\(violation)") }
            return total.disks.count
        }
    }

    private static func run(
        _ operation: CrashOperation, _ cuts: Int, _ limits: CrashPoints.Limits, _ interval: Int, _ seed: UInt64
    ) throws -> (String, CrashRun.Tally) {
        try withScratchDirectory(inMemory: true) { scratch in
            let directory = try Descriptor.openDirectory(scratch)
            for name in ["recorded", "disk"] as [BytePath] { try directory.makeDirectory(name) }
            let recording = try CrashRecording(operation, in: scratch.appending("recorded"))
            let run = try CrashRun(recording, in: scratch.appending("disk"), seed: seed)
            var tally = CrashRun.Tally()
            for model in DiskModel.allCases {
                let part = try run.run(model, cuts: run.cuts(cuts), limits: limits, followingEvery: interval)
                tally.cuts += part.cuts
                tally.followed += part.followed
                tally.disks.formUnion(part.disks)
                tally.violations += part.violations
            }
            if try !run.checker.disk.isPoolIntact() { tally.violations.append("somebody wrote through a link") }
            return (
                "\(operation.name): \(recording.history.eventCount) events, \(tally.disks.count) disks, "
                    + "\(tally.violations.count) violations", tally
            )
        }
    }

    @Test func aSampleOfPowerCuts() throws {
        let count = try enumerate(cutsPerOperation: 6, .quick, followingEvery: 40)
        #expect(count > 250 || CrashOperation.isChoosy)
    }

    @Test(.long) func everyPowerCut() throws {
        let count = try enumerate(cutsPerOperation: .max, .long, followingEvery: 50)
        #expect(count >= 10_000 || CrashOperation.isChoosy)
    }
}
