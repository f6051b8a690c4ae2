/// The pairs of a YAML map in the order of the text. Keys are scalars, and no text is the key of two pairs.
package struct YAMLMapping: Hashable, Sendable {
    package struct Pair: Hashable, Sendable {
        package var key: YAMLScalar
        package var keyMark: YAMLMark
        package var value: YAMLNode
    }

    package private(set) var pairs: [Pair]

    /// - Precondition: no two keys are the same bytes.
    init(_ pairs: [Pair]) {
        self.pairs = pairs
    }

    /// The value of the key with exactly these bytes; looks at all pairs.
    package subscript(key key: String) -> YAMLNode? {
        pairs.first { $0.key.text.utf8.elementsEqual(key.utf8) }?.value
    }
}
