internal import Installation
internal import LinuxSystem
internal import TerminalOutput

/// Sums up what an installation tells of its progress and shows it.
final class ChangeProgress: Sendable {
    private struct Amounts {
        var phase: ProgressEvent.Phase?
        var done: UInt64 = 0
        var total: UInt64 = 0
        /// What is on its way meanwhile: stones are unpacked while others come.
        var fetched: UInt64 = 0
        var toFetch: UInt64 = 0
        var fetchingSince: UInt64 = 0

        var isFetching: Bool { fetched < toFetch }
    }

    private let display = ProgressDisplay()
    private let amounts = Guarded(Amounts())

    func report(_ event: ProgressEvent) {
        let now = amounts.withLock { amounts in
            switch event {
            case .phase(.fetching, let total):
                amounts = Amounts(toFetch: total, fetchingSince: monotonicNanoseconds())
            case .phase(let phase, let total):
                (amounts.phase, amounts.done, amounts.total) = (phase, 0, total)
            case .advanced(.fetching, let count): amounts.fetched += count
            case .advanced(let phase, let count):
                if amounts.phase != phase { (amounts.phase, amounts.done, amounts.total) = (phase, 0, 0) }
                amounts.done += count
            case .found: break
            }
            return amounts
        }
        display.report(Self.line(now))
    }

    func finish() {
        display.finish()
    }

    private static func line(_ amounts: Amounts) -> ProgressLine {
        if amounts.isFetching {
            var line = ProgressLine("Fetching", done: amounts.fetched, total: amounts.toFetch, unit: .bytes)
            line.nanoseconds = monotonicNanoseconds() - amounts.fetchingSince
            return line
        }
        let (label, unit): (String, ProgressLine.Unit) =
            switch amounts.phase {
            case .fetching: ("Fetching", .bytes)
            case .unpacking: ("Unpacking", .bytes)
            case .waiting: ("Waiting for the spare tree", .items)
            case .staging: ("Staging", .items)
            case .collecting: ("Removing", .bytes)
            case .checking: ("Checking", .items)
            case .verifying: ("Reading", .bytes)
            case .repairing: ("Repairing", .items)
            case .rebuilding: ("Rebuilding the database", .items)
            case nil: ("Working", .items)
            }
        return ProgressLine(label, done: amounts.done, total: amounts.total, unit: unit)
    }
}
