/// A state number, or an inclusive range of them such as `8-12`.
package struct StateRange: Hashable, Sendable {
    package let numbers: ClosedRange<UInt64>

    package init?(_ text: String) {
        guard text.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: "-") }) else { return nil }
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { UInt64($0) }
        guard let first = parts.first ?? nil, let last = parts.last ?? nil, first >= 1, first <= last else {
            return nil
        }
        numbers = first...last
    }

    /// The states of `existing` that lie in it; nil for a single number that none of them has.
    package func among(_ existing: [UInt64]) -> [UInt64]? {
        let found = existing.filter(numbers.contains)
        return found.isEmpty && numbers.lowerBound == numbers.upperBound ? nil : found
    }
}
