internal import PackageModel

/// Finds names that a person may have meant, for error messages.
struct NameSimilarity {
    private let wanted: [UInt8]
    private let limit: Int

    init(to wanted: String) {
        self.wanted = Self.folded(wanted)
        limit = min(3, max(1, self.wanted.count / 3))
    }

    /// Longer names nobody types, and comparing them is quadratic in their length.
    private static let byteCountMax = 255

    /// The best `count` of `names`, nearest first, equals by byte order.
    func best(of names: some Sequence<String>, count: Int = 3) -> [String] {
        guard wanted.count <= Self.byteCountMax else { return [] }
        var best: [(score: Int, name: Verbatim<String>)] = []
        for name in names where name.utf8.count <= Self.byteCountMax {
            guard let score = score(of: name) else { continue }
            let scored = (score, Verbatim(name))
            if best.count == count, let last = best.last, !(scored < (last.score, last.name)) { continue }
            let place = best.firstIndex { scored < ($0.score, $0.name) } ?? best.count
            best.insert((score: score, name: scored.1), at: place)
            if best.count > count { best.removeLast() }
        }
        return best.map(\.name.wrappedValue)
    }

    /// Smaller is nearer; nil where the names have nothing in common.
    private func score(of name: String) -> Int? {
        let candidate = Self.folded(name)
        let gap = abs(candidate.count - wanted.count)
        if gap <= limit, let distance = distance(to: candidate) { return distance }
        // "foo" for "libfoo" or "foo-devel": one is a part of the other and long enough to mean something.
        let (short, long) = candidate.count < wanted.count ? (candidate, wanted) : (wanted, candidate)
        guard short.count >= 3, long.starts(with: short) || long.suffix(short.count).elementsEqual(short) else {
            return nil
        }
        return limit + gap
    }

    /// The number of insertions, deletions and changes between the names; nil above the limit.
    private func distance(to candidate: [UInt8]) -> Int? {
        var previous = Array(0...candidate.count)
        var current = previous
        for (row, byte) in wanted.enumerated() {
            current[0] = row + 1
            var smallest = current[0]
            for (column, other) in candidate.enumerated() {
                let change = previous[column] + (byte == other ? 0 : 1)
                current[column + 1] = min(change, previous[column + 1] + 1, current[column] + 1)
                smallest = min(smallest, current[column + 1])
            }
            if smallest > limit { return nil }
            swap(&previous, &current)
        }
        return previous[candidate.count] <= limit ? previous[candidate.count] : nil
    }

    private static func folded(_ name: String) -> [UInt8] {
        name.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }
    }
}
