import LinuxSystem
import Synchronization
import Testing

@Suite struct WeightedGateTests {
    @Test("what is inside never weighs more than the limit, unless it is alone", arguments: [1, 3, 10, 25] as [UInt64])
    func limit(weight: UInt64) {
        let gate = WeightedGate(capacity: 10)
        let inside = Atomic<UInt64>(0)
        let most = Atomic<UInt64>(0)
        let entered = Atomic<Int>(0)
        withThreads(8) { _ in
            for _ in 0..<200 {
                gate.enter(weight)
                let now = inside.add(weight, ordering: .sequentiallyConsistent).newValue
                most.max(now, ordering: .sequentiallyConsistent)
                entered.add(1, ordering: .relaxed)
                inside.subtract(weight, ordering: .sequentiallyConsistent)
                gate.leave(weight)
            }
        }
        #expect(entered.load(ordering: .relaxed) == 1600)
        #expect(most.load(ordering: .relaxed) <= max(10, weight))
        #expect(inside.load(ordering: .relaxed) == 0)
    }

    @Test("weights that no number can add up")
    func saturation() {
        let gate = WeightedGate(capacity: .max)
        gate.enter(.max)
        gate.leave(.max)
        gate.enter(.max - 1)
        gate.enter(1)
        gate.leave(1)
        gate.leave(.max - 1)
    }
}
