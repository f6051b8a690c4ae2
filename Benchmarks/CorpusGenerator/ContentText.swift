/// Bytes that look like text to a compressor: lines of words out of a fixed vocabulary.
struct ContentText: Sendable {
    private let block: [UInt8]
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
        var random = SplitMix(seed: seed)
        let words = (0..<4000).map { _ in
            (0..<(2 + random.below(9))).map { _ in UInt8(ascii: "a") + UInt8(random.below(26)) }
        }
        var block: [UInt8] = []
        while block.count < 1 << 20 {
            // The product of two numbers prefers small ones: some words are common, most are rare.
            block += words[random.below(words.count) * random.below(words.count) / words.count]
            block.append(random.chance(0.12) ? UInt8(ascii: "\n") : UInt8(ascii: " "))
        }
        self.block = block
    }

    /// The content with this number: it begins with the number in hexadecimal, so that no two are equal.
    func bytes(number: UInt64, count: Int) -> [UInt8] {
        var random = SplitMix(seed: seed ^ (number &* 0x2545_f491_4f6c_dd1d))
        var bytes = Array(String(number, radix: 16).utf8)
        bytes.reserveCapacity(count + 256)
        bytes.append(UInt8(ascii: "\n"))
        while bytes.count < count {
            let start = random.below(block.count - 256)
            bytes += block[start..<(start + 32 + random.below(224))]
        }
        return Array(bytes.prefix(count))
    }
}
