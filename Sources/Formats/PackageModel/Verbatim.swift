/// Text that is told apart and ordered by its bytes, as names are on disk, in stones and in the database.
///
/// `String` holds two spellings of "é", one code point or two, for equal, and orders them as one: a dependency would be
/// met by what has another name, and of two packages one would be lost. As a property wrapper it makes the equality
/// and hash that the compiler writes for a type those of bytes; as a value it is a key.
@propertyWrapper
package struct Verbatim<Value: VerbatimText>: Hashable, Sendable {
    package var wrappedValue: Value

    package init(wrappedValue: Value) {
        self.wrappedValue = wrappedValue
    }

    package init(_ value: Value) {
        wrappedValue = value
    }

    package static func == (left: Verbatim, right: Verbatim) -> Bool {
        left.wrappedValue.isVerbatim(right.wrappedValue)
    }

    package func hash(into hasher: inout Hasher) {
        wrappedValue.hashVerbatim(into: &hasher)
    }
}

extension Verbatim: Comparable where Value == String {
    package static func < (left: Verbatim, right: Verbatim) -> Bool {
        left.wrappedValue.utf8.lexicographicallyPrecedes(right.wrappedValue.utf8)
    }
}

/// A text, or several.
package protocol VerbatimText: Sendable {
    /// Whether both have the same bytes.
    func isVerbatim(_ other: Self) -> Bool
    func hashVerbatim(into hasher: inout Hasher)
}

extension String: VerbatimText {
    package func isVerbatim(_ other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }

    package func hashVerbatim(into hasher: inout Hasher) {
        let isDone: Void? = utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        if isDone == nil { for byte in utf8 { hasher.combine(byte) } }
        hasher.combine(0xff as UInt8)  // in no text, so that two texts end where they do
    }
}

extension Optional: VerbatimText where Wrapped: VerbatimText {
    package func isVerbatim(_ other: Wrapped?) -> Bool {
        switch (self, other) {
        case (nil, nil): true
        case (let one?, let other?): one.isVerbatim(other)
        default: false
        }
    }

    package func hashVerbatim(into hasher: inout Hasher) {
        hasher.combine(self != nil)
        self?.hashVerbatim(into: &hasher)
    }
}

extension Array: VerbatimText where Element: VerbatimText {
    package func isVerbatim(_ other: [Element]) -> Bool {
        count == other.count && zip(self, other).allSatisfy { $0.isVerbatim($1) }
    }

    package func hashVerbatim(into hasher: inout Hasher) {
        hasher.combine(count)
        for text in self { text.hashVerbatim(into: &hasher) }
    }
}

extension Sequence {
    /// In the order of the bytes of what `text` says of each; equal ones in that of `then`.
    package func sortedVerbatim(
        by text: (Element) -> String, then: (Element, Element) -> Bool = { _, _ in false }
    ) -> [Element] {
        sorted { left, right in
            let (one, other) = (Verbatim(text(left)), Verbatim(text(right)))
            return one == other ? then(left, right) : one < other
        }
    }
}
