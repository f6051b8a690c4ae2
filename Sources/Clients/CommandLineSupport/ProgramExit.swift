/// How a program ends; the numbers are promised to scripts.
package protocol ProgramExit: RawRepresentable<Int32>, CaseIterable, Hashable, Sendable {
    /// What the number says, as a phrase.
    var meaning: String { get }
}

extension ProgramExit {
    /// All of them on one line, for the help.
    package static var summary: String {
        allCases.map { "\($0.rawValue) \($0.meaning)" }.joined(separator: "; ") + "."
    }
}
