/// What all errors have in common: marks that callers decide by, kept through wrapping.
///
/// What is known of a failure beyond its words: set where it happens, and kept by whatever wraps it.
package struct FailureMarks: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The file system, or the user's share of it, has no room left.
    package static let diskFull = FailureMarks(rawValue: 1)
    /// It is the user's share that is used up, of which the file system says nothing.
    package static let quota = FailureMarks(rawValue: 2)
    /// Something is not what it was.
    package static let damaged = FailureMarks(rawValue: 4)
    /// What was named is not there; it may have been there a moment ago.
    package static let gone = FailureMarks(rawValue: 8)
    /// Somebody changed a tree on disk.
    package static let tampered = FailureMarks(rawValue: 16)
    /// It is about the looking, and not about what was to be looked at.
    ///
    /// Only what was looked at and found wrong is damage. Where nothing could be seen, nothing is known: it is neither
    /// repaired nor removed, and never taken for missing, empty or changed.
    package static let unseen = FailureMarks(rawValue: 32)
    /// A package's file is not what it should be: damaged, forged, or another one.
    package static let badStone = FailureMarks(rawValue: 64)
}

/// An error of this project's: it says what it is about and why in words, and in marks what callers decide by.
package protocol MarkedError: Error, CustomStringConvertible {
    /// What this error adds to the marks of the one that it wraps.
    var ownMarks: FailureMarks { get }
    /// The error that this one passes on.
    var wrapped: (any MarkedError)? { get }
    /// What helps, as a phrase.
    var remedy: String { get }
}

extension MarkedError {
    package var ownMarks: FailureMarks { [] }
    package var wrapped: (any MarkedError)? { nil }
    package var remedy: String { wrapped?.remedy ?? "run it again" }

    package var marks: FailureMarks { ownMarks.union(wrapped?.marks ?? []) }
    package var saysNothing: Bool { marks.contains(.unseen) }
}
