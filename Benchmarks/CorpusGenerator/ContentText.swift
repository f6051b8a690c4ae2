/// Bytes that look like text to a compressor: lines of words out of a fixed vocabulary, about four to one at level 18.
struct ContentText: Sendable {
    /// All words with the space after each, one after the other.
    private let vocabulary: [UInt8]
    private let starts: [Int]
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
        var random = SplitMix(seed: seed)
        var vocabulary: [UInt8] = []
        var starts = [0]
        for _ in 0..<3000 {
            for _ in 0..<(3 + random.below(10)) { vocabulary.append(UInt8(ascii: "a") + UInt8(random.below(26))) }
            vocabulary.append(random.chance(0.12) ? UInt8(ascii: "\n") : UInt8(ascii: " "))
            starts.append(vocabulary.count)
        }
        self.vocabulary = vocabulary
        self.starts = starts
    }

    /// The content with this number: it begins with the number in hexadecimal, so that no two are equal.
    func bytes(number: UInt64, count: Int) -> [UInt8] {
        var random = SplitMix(seed: seed ^ (number &* 0x2545_f491_4f6c_dd1d))
        var bytes = Array(String(number, radix: 16).utf8)
        bytes.reserveCapacity(count + 16)
        bytes.append(UInt8(ascii: "\n"))
        let words = starts.count - 1
        while bytes.count < count {
            // The product of three numbers prefers small ones: some words are common, most are rare.
            let word = random.below(words) * random.below(words) / words * random.below(words) / words
            bytes += vocabulary[starts[word]..<starts[word + 1]]
        }
        return Array(bytes.prefix(count))
    }
}
