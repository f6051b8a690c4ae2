import TestSupport
import Testing
import Trial

@Suite struct BisectionTests {
    /// With some things that cannot be judged, the answer and those named with it are right for every first bad one.
    @Test func theFirstBadOneIsFoundInFewSteps() {
        var random = SeededGenerator(seed: 3)
        for count in 2...40 {
            for firstBad in 1..<count {
                let skipped = Set((1..<(count - 1)).filter { _ in Int.random(in: 0..<8, using: &random) == 0 })
                var search = Bisection(count: count)
                while let index = search.next {
                    let verdict: Bisection.Verdict =
                        index > 0 && index < count - 1 && skipped.contains(index)
                        ? .unjudged : index < firstBad ? .good : .bad
                    #expect(search.note(verdict, at: index) == nil)
                }
                #expect(
                    search.firstBad == firstBad || search.unjudged.contains(firstBad), "\(count) \(firstBad) \(skipped)"
                )
                #expect(search.unjudged.allSatisfy { skipped.contains($0) })
                if skipped.isEmpty { #expect(search.runs <= 3 + Int.bitWidth - count.leadingZeroBitCount) }
            }
        }
    }

    @Test func wrongEndsAreNoticed() {
        var search = Bisection(count: 3)
        #expect(search.note(.bad, at: 0) == .goodIsNotGood)
        var other = Bisection(count: 3)
        #expect(other.note(.good, at: 0) == nil)
        #expect(other.next == 2)
        #expect(other.note(.good, at: 2) == .badIsNotBad)
    }
}
