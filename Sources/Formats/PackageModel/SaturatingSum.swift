/// Sizes come from stones, indexes and databases, which may claim anything: sums that no disk could hold stay at the
/// largest number there is instead of trapping or starting over.
extension UInt64 {
    /// The sum, or the largest number there is.
    package func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// The product, or the largest number there is.
    package func multipliedSaturated(by other: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }

    /// The difference, or 0.
    package func subtractingSaturated(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }

    package mutating func addSaturated(_ other: UInt64) { self = addingSaturated(other) }
}

extension Sequence {
    /// The sum of what `size` says of each element, or the largest number there is.
    package func saturatedSum(_ size: (Element) -> UInt64) -> UInt64 {
        reduce(0) { $0.addingSaturated(size($1)) }
    }
}
