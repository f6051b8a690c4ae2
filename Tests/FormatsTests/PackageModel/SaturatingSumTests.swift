import PackageModel
import Testing

@Suite("Sums of sizes that anybody may claim")
struct SaturatingSumTests {
    @Test("sums, products and differences stay at the ends of what a number can say")
    func ends() {
        let half: UInt64 = 1 << 63
        #expect([half, half, 5].saturatedSum { $0 } == .max)
        #expect([half, 5].saturatedSum { $0 } == half + 5)
        #expect([UInt64]().saturatedSum { $0 } == 0)
        #expect(half.multipliedSaturated(by: 2) == .max && UInt64(3).multipliedSaturated(by: 4) == 12)
        #expect(UInt64(3).subtractingSaturated(4) == 0 && UInt64(4).subtractingSaturated(3) == 1)
        var sum = UInt64.max - 1
        sum.addSaturated(1)
        #expect(sum == .max)
        sum.addSaturated(.max)
        #expect(sum == .max)
    }
}
