import Synchronization

/// Adds up from any thread.
final class Counter: Sendable {
    private let sum = Atomic<Int>(0)

    func add(_ number: Int) { sum.add(number, ordering: .relaxed) }
    var total: Int { sum.load(ordering: .relaxed) }
}
