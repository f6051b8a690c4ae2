/// Which of a row of things to judge next, to find the first bad one: the ends first, then always the middle.
package struct Bisection: Hashable, Sendable {
    package enum Verdict: String, Hashable, Sendable {
        case good, bad
        case unjudged = "cannot be judged"

        /// Of a command's exit status; 125 is also what there is where no sandbox could be made.
        package init(status: Int32) {
            switch status {
            case 0: self = .good
            case 125: self = .unjudged
            default: self = .bad
            }
        }
    }

    /// What the ends were said to be and are not.
    package enum Contradiction: Hashable, Sendable {
        case goodIsNotGood, badIsNotBad
    }

    private let count: Int
    private var lastGood: Int?
    private var bad: Int?
    private var skipped: Set<Int> = []
    package private(set) var runs = 0

    /// - Parameter count: of the things, at least two.
    package init(count: Int) {
        self.count = count
    }

    /// What to judge next; nil when the answer is known as far as it can be.
    package var next: Int? {
        guard let lastGood else { return 0 }
        guard let bad else { return count - 1 }
        let open = (lastGood + 1..<bad).filter { !skipped.contains($0) }
        return open.isEmpty ? nil : open[open.count / 2]
    }

    /// Takes a verdict in.
    package mutating func note(_ verdict: Verdict, at index: Int) -> Contradiction? {
        runs += 1
        if lastGood == nil {
            guard verdict == .good else { return .goodIsNotGood }
            lastGood = index
        } else if bad == nil {
            guard verdict == .bad else { return .badIsNotBad }
            bad = index
        } else {
            switch verdict {
            case .good: lastGood = index
            case .bad: bad = index
            case .unjudged: skipped.insert(index)
            }
        }
        return nil
    }

    /// The earliest one known to be bad.
    package var firstBad: Int { bad ?? count - 1 }

    /// Those before it that may be bad already.
    package var unjudged: [Int] { skipped.filter { $0 > lastGood ?? -1 && $0 < firstBad }.sorted() }
}
