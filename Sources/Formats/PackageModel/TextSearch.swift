/// Looks for a word in texts, whatever the case of ASCII letters; other letters are bytes, and only themselves.
///
/// Linear in the text, whatever word and text are (Knuth, Morris and Pratt): both may be made to repeat themselves.
package struct TextSearch: Sendable {
    private let word: [UInt8]
    /// Of each beginning of the word, the longest shorter one that it ends with.
    private let fallback: [Int]

    package init(_ word: String) {
        let word = word.utf8.map(Self.folded)
        var fallback = Array(repeating: 0, count: word.count)
        var matched = 0
        for index in word.indices.dropFirst() {
            while matched > 0, word[index] != word[matched] { matched = fallback[matched - 1] }
            if word[index] == word[matched] { matched += 1 }
            fallback[index] = matched
        }
        self.word = word
        self.fallback = fallback
    }

    /// Whether the word is in `text`.
    package func matches(_ text: String) -> Bool { matches(text.utf8) }

    package func matches(_ text: some Sequence<UInt8>) -> Bool { end(in: text) != nil }

    /// Where a word stands in a text.
    package enum Place: Sendable {
        /// It is all of it.
        case all
        case start, inside
    }

    /// The best place of the word in `text`; nil where it is nowhere.
    package func place(in text: some Collection<UInt8>) -> Place? {
        guard let end = end(in: text) else { return nil }
        guard end == word.count else { return .inside }
        return text.count == end ? .all : .start
    }

    /// How much of `text` comes before the end of the word's first place in it.
    private func end(in text: some Sequence<UInt8>) -> Int? {
        if word.isEmpty { return 0 }
        var matched = 0
        var position = 0
        for byte in text {
            let byte = Self.folded(byte)
            position += 1
            while matched > 0, byte != word[matched] { matched = fallback[matched - 1] }
            if byte == word[matched] { matched += 1 }
            if matched == word.count { return position }
        }
        return nil
    }

    private static func folded(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte + 32 : byte }
}
