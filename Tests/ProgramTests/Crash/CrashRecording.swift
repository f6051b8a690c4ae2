import BytePath
import LinuxSystem
import PackageModel
import TestSupport

/// An operation's commands as they ran once: everything they did to files, and what came of each.
struct CrashRecording {
    let operation: CrashOperation
    let history: DiskHistory
    /// Before the first command, and after each.
    let outcomes: [CrashOutcome]
    /// Whether each command came to its own end.
    let isDone: [Bool]

    /// Runs the operation below `scratch`, which must stay for as long as roots made from the recording are used.
    init(_ operation: CrashOperation, in scratch: BytePath) throws {
        let root = try operation.prepare(in: scratch)
        var outcomes = [try CrashOutcome(of: root.root)]
        try operation.damage?(root)
        history = try DiskHistory(startingFrom: root.root)
        var isDone: [Bool] = []
        for step in operation.steps {
            let log = scratch.appending("log")
            let result = try root.traced(
                ["record", "-o", log, "--below", root.root] + step.tracing,
                operation.complete(step.arguments, for: root))
            let isKilled = step.tracing.first == "--kill"
            guard result.end == .exited(isKilled ? 128 + 9 : step.exitCode) else {
                throw CommandRoot.Failure(
                    description: "\(operation.name): \(result.end): \(result.outputText)\(result.errorText)")
            }
            history.append(try CallLog(at: log))
            outcomes.append(try CrashOutcome(of: root.root))
            isDone.append(!isKilled)
        }
        if operation.damage != nil, let last = outcomes.last {
            // What is made anew need not be what it was, byte for byte.
            outcomes[0].manifests.merge(last.manifests) { $1 }
        }
        self.operation = operation
        self.outcomes = outcomes
        self.isDone = isDone
        guard history.surprises.isEmpty else {
            throw CommandRoot.Failure(description: "\(operation.name): \(history.surprises)")
        }
    }

    /// What may be found after a cut before event `cut`: what the last finished command did stays done.
    func outcomes(at cut: Int) -> ClosedRange<Int> {
        let ended = history.commandEnds.prefix { $0 <= cut }.count
        let sure = isDone[..<ended].lastIndex(of: true).map { $0 + 1 } ?? 0
        return sure...min(ended + 1, outcomes.count - 1)
    }
}
