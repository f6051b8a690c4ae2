/// Why a file index cannot be read or written.
package struct FileIndexError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        /// The bytes are no file index.
        case notAnIndex
        case unsupportedVersion
        /// It says something impossible, or its bytes are not those that were written.
        case damaged
        /// More than is believed, or than the format can hold.
        case limitExceeded
        /// The bytes could not be had.
        case unreadable
    }

    package var code: Code
    /// A phrase without a full stop.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static func damaged(_ message: String) -> FileIndexError { FileIndexError(.damaged, message) }
}

extension FileIndexError: CustomStringConvertible {
    package var description: String { message }
}
