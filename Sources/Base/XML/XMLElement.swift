/// XML texts as values: elements and the text in them, read strictly and within bounds, and nothing that they refer to.
///
/// What servers answer needs no more: attributes, comments and instructions are passed over, and a text with a document
/// type, which could define what expands, is refused.
package struct XMLElement: Hashable, Sendable {
    /// As it is written, without the prefix of a name space.
    package var name: String
    /// All text directly in it, without the blanks around it.
    package var text: String
    package var children: [XMLElement]

    package init(_ name: String, text: String = "", children: [XMLElement] = []) {
        self.name = name
        self.text = text
        self.children = children
    }

    /// The first child of this name.
    package subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    /// Every child of this name.
    package func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// Reads a whole text, whose outermost element is returned.
    package static func read(_ bytes: [UInt8], limits: XMLLimits = XMLLimits()) throws(XMLError) -> XMLElement {
        guard bytes.count <= limits.byteCountMax else {
            throw XMLError(.tooLarge, 0, "an XML text has at most \(limits.byteCountMax) bytes here")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw XMLError(.notUTF8, 0, "the text is not UTF-8")
        }
        var reader = XMLReader(bytes, limits)
        return try reader.document()
    }
}

/// What an XML text may cost whoever reads it.
package struct XMLLimits: Hashable, Sendable {
    /// Bytes of input.
    package var byteCountMax: Int
    package var elementCountMax: Int
    /// Elements in each other.
    package var depthMax: Int

    package init(byteCountMax: Int = 4 << 20, elementCountMax: Int = 50_000, depthMax: Int = 16) {
        self.byteCountMax = byteCountMax
        self.elementCountMax = elementCountMax
        self.depthMax = depthMax
    }
}

/// Why a text was not taken, and at which byte.
package struct XMLError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        /// The bytes are not UTF-8.
        case notUTF8
        /// The text is not XML.
        case malformed
        /// XML, but with what is not read here.
        case forbidden
        case tooLarge
        case tooDeep
    }

    package var code: Code
    package var offset: Int
    /// A phrase without the place.
    package var message: String

    package init(_ code: Code, _ offset: Int, _ message: String) {
        self.code = code
        self.offset = offset
        self.message = message
    }
}

extension XMLError: CustomStringConvertible {
    package var description: String { "byte \(offset): \(message)" }
}
