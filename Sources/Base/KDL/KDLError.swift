/// Why a text was not taken, and where in it that is.
package struct KDLError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        /// The bytes are not UTF-8.
        case notUTF8
        /// The text is not KDL.
        case malformed
        case tooLarge
        case tooDeep
        /// KDL, but not what the reader of its values wants.
        case unexpected
    }

    package var code: Code
    package var mark: KDLMark
    /// A sentence without the place.
    package var message: String

    package init(_ code: Code, _ mark: KDLMark, _ message: String) {
        self.code = code
        self.mark = mark
        self.message = message
    }
}

extension KDLError: CustomStringConvertible {
    package var description: String { "line \(mark.line), column \(mark.column): \(message)" }
}
