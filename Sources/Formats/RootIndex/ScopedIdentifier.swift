/// A version of a channel, as people name it: `stream/X`, `tag/X` or `history/X`.
package struct ScopedIdentifier: Hashable, Sendable {
    package enum Scope: String, Hashable, Sendable {
        /// Moves on.
        case stream
        /// Stays, until somebody moves it.
        case tag
        /// One set of packages, never another.
        case history
    }

    package var scope: Scope
    package var identifier: IndexIdentifier

    package init(_ scope: Scope, _ identifier: IndexIdentifier) {
        self.scope = scope
        self.identifier = identifier
    }

    package init?(_ text: some StringProtocol) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, let scope = Scope(rawValue: String(decoding: parts[0], as: UTF8.self)),
            let identifier = IndexIdentifier(String(decoding: parts[1], as: UTF8.self))
        else { return nil }
        self.init(scope, identifier)
    }

    package var text: String { "\(scope.rawValue)/\(identifier)" }
}

extension ScopedIdentifier: CustomStringConvertible {
    package var description: String { text }
}
