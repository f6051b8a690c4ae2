internal import Installation
internal import LinuxSystem
internal import TerminalOutput

/// Sums up what an installation tells of its progress and shows it.
final class ChangeProgress: Sendable {
    private struct Amounts {
        var phase: ProgressEvent.Phase?
        var done: UInt64 = 0
        var total: UInt64 = 0
    }

    private let display = ProgressDisplay()
    private let amounts = Guarded(Amounts())

    func report(_ event: ProgressEvent) {
        let now = amounts.withLock { amounts in
            switch event {
            case .phase(let phase, let total): amounts = Amounts(phase: phase, total: total)
            case .advanced(let phase, let count):
                if amounts.phase != phase { amounts = Amounts(phase: phase) }
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
        let (label, unit): (String, ProgressLine.Unit) =
            switch amounts.phase {
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
