/// What of a file's content an analysis asks for.
package enum ContentInterest: Hashable, Sendable {
    /// Nothing: the path says it all.
    case nothing
    /// All of it, if it is no longer than ``FileAnalyzer/textSizeMax``; else nothing.
    case text
    /// A few pieces, anywhere in it.
    case pieces
}
