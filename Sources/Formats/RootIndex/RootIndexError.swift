/// Why a root index was not taken, or does not lead to packages.
package struct RootIndexError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        /// The bytes are no root index.
        case malformed
        /// There is no such stream, tag or history.
        case unknownVersion
        /// A stream or tag that names a history which is not there.
        case danglingVersion
        /// The version is of a format that nobody here reads.
        case unsupportedFormat
    }

    package var code: Code
    /// What is wrong, and what helps, as a phrase without a full stop.
    package var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension RootIndexError: CustomStringConvertible {
    package var description: String { message }
}
