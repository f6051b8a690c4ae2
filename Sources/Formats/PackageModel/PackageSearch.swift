/// Words to find packages by, and how well a package fits them: pure.
///
/// All words have to fit. ASCII letters match in upper and lower case.
package struct PackageSearch: Sendable {
    /// How a word fits, the best way first.
    package enum Fit: Int, Comparable, Sendable {
        case name, nameStart, namePart, provided, summary

        package static func < (left: Fit, right: Fit) -> Bool { left.rawValue < right.rawValue }
    }

    /// Smaller is better.
    package typealias Rank = Int

    private let searches: [TextSearch]

    package init(_ words: [String]) {
        searches = words.map { TextSearch($0) }
    }

    /// - Parameter isProvided: whether the package provides something that begins with the word of this number.
    package func rank(
        name: some Collection<UInt8>, summary: some Collection<UInt8>, isProvided: (Int) -> Bool = { _ in false }
    ) -> Rank? {
        var rank = 0
        for (number, search) in searches.enumerated() {
            let fit: Fit
            switch search.place(in: name) {
            case .all?: fit = .name
            case .start?: fit = .nameStart
            case .inside?: fit = .namePart
            case nil:
                if isProvided(number) {
                    fit = .provided
                } else if search.matches(summary) {
                    fit = .summary
                } else {
                    return nil
                }
            }
            rank += fit.rawValue
        }
        return rank
    }
}
