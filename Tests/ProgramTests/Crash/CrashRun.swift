import BytePath
import Digests
import Glibc
import PackageModel
import TestSupport

/// Takes a recording through power cuts.
struct CrashRun {
    let recording: CrashRecording
    let checker: CrashChecker
    let seed: UInt64
    private let cache = ContentCache()

    struct Tally {
        var cuts = 0
        /// Disks that differ.
        var disks: Set<ObjectID> = []
        var followed = 0
        var violations: [String] = []
    }

    init(_ recording: CrashRecording, in scratch: BytePath, seed: UInt64) throws {
        self.recording = recording
        self.seed = seed
        checker = CrashChecker(disk: try CrashDisk(in: scratch), outcomes: recording.outcomes)
    }

    /// All cuts, or so many of those before and after every sync and command and at any time.
    func cuts(_ count: Int) -> [Int] {
        let history = recording.history
        let last = history.eventCount
        if count >= last { return Array(0...last) }
        var random = SeededGenerator(seed: seed)
        let special = history.syncs.flatMap { [$0.event, $0.event + 1] } + history.commandEnds + [last]
        let spread = (0..<count).map { $0 * last / count }
        return Set(special.shuffled(using: &random).prefix(count) + spread.shuffled(using: &random).prefix(count / 2))
            .sorted()
    }

    /// - Parameters:
    ///   - dropped: numbers of syncs that did nothing.
    ///   - shouldStop: asked after each disk.
    func run(
        _ model: DiskModel, without dropped: Set<Int> = [], cuts: [Int], limits: CrashPoints.Limits,
        followingEvery interval: Int, shouldStop: (Tally) -> Bool = { _ in false }
    ) throws -> Tally {
        let points = CrashPoints(recording.history, model, without: dropped, limits)
        var random = SeededGenerator(seed: seed)
        var tally = Tally()
        var tried: Set<Try> = []
        var checked: Set<Check> = []
        for cut in cuts {
            tally.cuts += 1
            let outcomes = recording.outcomes(at: cut)
            for state in points.states(at: cut, &random) {
                guard tried.insert(Try(state: state, first: outcomes.lowerBound)).inserted else { continue }
                let image = DiskImage(recording.history, state) { points.durable[$0] < cut }
                guard let fingerprint = cache.fingerprint(of: image) else { continue }
                tally.disks.insert(fingerprint)
                guard checked.insert(Check(disk: fingerprint, outcomes: outcomes)).inserted else { continue }
                let goesOn = interval > 0 && checked.count % interval == 0
                if goesOn { tally.followed += 1 }
                let expected = CrashChecker.Expectation(
                    outcomes: outcomes, isTidy: model == .journaled, goesOn: goesOn,
                    isDamaged: recording.operation.damage != nil && outcomes.lowerBound == 0)
                if let problem = try checker.disk.withDirectory(of: image, { try checker.violation(of: $0, expected) })
                {
                    tally.violations.append("\(model), cut before event \(cut), \(place(cut)): \(problem)")
                }
                if shouldStop(tally) { return tally }
            }
        }
        return tally
    }

    private struct Try: Hashable {
        let state: DiskState
        let first: Int
    }

    private struct Check: Hashable {
        let disk: ObjectID
        let outcomes: ClosedRange<Int>
    }

    /// Words for where a cut is.
    private func place(_ cut: Int) -> String {
        let history = recording.history
        let command = history.commandEnds.prefix { $0 <= cut }.count
        let before = history.syncs.last { $0.event < cut }.map { "after \($0.name)" } ?? "before the first sync"
        return "command \(command + 1), \(before)"
    }
}
