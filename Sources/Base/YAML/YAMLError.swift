/// Why a text was not taken, and where in it that is.
package struct YAMLError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        /// The bytes are not UTF-8.
        case notUTF8
        /// The text is not YAML.
        case malformed
        /// Keys that one mapping has more than once.
        case duplicateKeys
        /// An alias of an anchor that is not there, or not complete yet.
        case unknownAnchor
        /// A key that is a list or a map.
        case compositeKey
        case severalDocuments
        /// The text, or what its aliases expand to, is beyond the limits.
        case tooLarge
        case tooDeep
        /// YAML, but not what the reader of its values wants.
        case unexpected
        case outOfMemory
    }

    package var code: Code
    package var mark: YAMLMark
    /// A sentence without the place.
    package var message: String

    package init(_ code: Code, _ mark: YAMLMark, _ message: String) {
        self.code = code
        self.mark = mark
        self.message = message
    }
}

extension YAMLError: CustomStringConvertible {
    package var description: String { "line \(mark.line), column \(mark.column): \(message)" }
}
