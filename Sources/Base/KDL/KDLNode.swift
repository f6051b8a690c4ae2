/// KDL texts as values: nodes with arguments, properties and children that know their place, read strictly and within
/// bounds.
///
/// The language is KDL 2, and of KDL 1 what files still say: `true`, `false` and `null` without `#`, raw texts as
/// `r"…"`, and the escape `\/`.
package struct KDLNode: Hashable, Sendable {
    package struct Property: Hashable, Sendable {
        package var name: String
        package var value: KDLValue

        package init(_ name: String, _ value: KDLValue) {
            self.name = name
            self.value = value
        }
    }

    package var name: String
    /// The type it is annotated with; nil for most.
    package var type: String?
    package var arguments: [KDLValue]
    /// In the order of the text; of several with one name the last, in its place.
    package var properties: [Property]
    package var children: [KDLNode]
    package var mark: KDLMark

    /// A node to be written.
    package init(
        _ name: String, _ arguments: [KDLValue] = [], properties: [Property] = [], children: [KDLNode] = []
    ) {
        self.init(name, type: nil, at: .none)
        self.arguments = arguments
        self.properties = properties
        self.children = children
    }

    init(_ name: String, type: String?, at mark: KDLMark) {
        self.name = name
        self.type = type
        self.mark = mark
        (arguments, properties, children) = ([], [], [])
    }

    /// An error about this node.
    package func unexpected(_ message: String) -> KDLError {
        KDLError(.unexpected, mark, message)
    }
}

extension KDLNode {
    /// Reads the nodes of one text.
    ///
    /// Never crashes and never takes more than the limits allow, whatever the bytes are.
    ///
    /// - Parameter bytes: UTF-8, with a byte order mark or without.
    package static func read(_ bytes: [UInt8], limits: KDLLimits = .default) throws(KDLError) -> [KDLNode] {
        guard bytes.count <= limits.byteCountMax else {
            throw KDLError(.tooLarge, .none, "the text has more than \(limits.byteCountMax) bytes")
        }
        let text = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes.dropFirst(3) : bytes[...]
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: text.span)
        } catch {
            let place = text.startIndex + error.byteOffsets.lowerBound
            throw KDLError(.notUTF8, KDLMark(behind: text[..<place]), "the text is not UTF-8")
        }
        var reader = KDLReader(String(decoding: text, as: UTF8.self).unicodeScalars, limits: limits)
        return try reader.readDocument()
    }
}
