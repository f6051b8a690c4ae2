/// Why a text was not taken.
package struct JSONError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        /// The bytes are not UTF-8.
        case notUTF8
        /// The text is not JSON as RFC 8259 has it.
        case malformed
        /// A name that one object has more than once; readers differ in which one they believe.
        case duplicateName
        case tooLarge
        case tooDeep
        /// JSON, but not what the reader of its values wants.
        case unexpected
    }

    package var code: Code
    /// The byte of the text it is about, from 0; nil for values that have no place any more.
    package var offset: Int?
    package var message: String

    package init(_ code: Code, at offset: Int? = nil, _ message: String) {
        self.code = code
        self.offset = offset
        self.message = message
    }
}

extension JSONError: CustomStringConvertible {
    package var description: String { (offset.map { "byte \($0): " } ?? "") + message }
}
