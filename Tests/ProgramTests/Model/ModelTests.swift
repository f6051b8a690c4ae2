import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Whole commands in random order, beside people who look and views that are open, against a model in memory.
///
/// Every history prints its seed, a failure every step: `MOSS_SEED=N MOSS_STEPS=N` with the short one runs it again.
@Suite(.needsRoot, .serialized) struct ModelTests {
    @Test func aShortHistory() throws {
        try run(seed: Self.firstSeed, stepCount: Self.number("MOSS_STEPS") ?? 45)
    }

    @Test(.long) func longHistories() throws {
        let first = Self.firstSeed
        for seed in first..<(first + (Self.number("MOSS_HISTORIES") ?? 10)) {
            try run(seed: seed, stepCount: Self.number("MOSS_STEPS") ?? 150)
        }
    }

    private static var firstSeed: Int { number("MOSS_SEED") ?? Int.random(in: 0...Int(Int32.max)) }

    private static func number(_ variable: String) -> Int? { getenv(variable).flatMap { Int(String(cString: $0)) } }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private func run(seed: Int, stepCount: Int) throws {
        print("model: MOSS_SEED=\(seed) MOSS_STEPS=\(stepCount)")
        try withScratchDirectory(inMemory: true) { scratch in
            let root = try CommandRoot(in: scratch, offering: [])
            let readers = ModelReaders(root)
            let result = Guarded<Result<[String], Failure>?>(nil)
            readers.looking {
                var history: ModelHistory?
                do {
                    let begun = try ModelHistory(root, readers, seed: UInt64(seed))
                    history = begun
                    try begun.run(stepCount: stepCount)
                    result.withLock { $0 = .success(begun.steps) }
                } catch {
                    let steps = (history?.steps ?? []).joined(separator: "\n")
                    result.withLock { $0 = .failure(Failure(description: "\(error)\nafter:\n\(steps)")) }
                }
                history?.clear()
            }
            let steps = try result.withLock { $0 }?.get() ?? []
            print("model: \(steps.count) commands agreed, while \(readers.looks) looks were taken")
        }
    }
}
