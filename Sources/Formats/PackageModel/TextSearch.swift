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

    package func matches(_ text: some Sequence<UInt8>) -> Bool {
        if word.isEmpty { return true }
        var matched = 0
        for byte in text {
            let byte = Self.folded(byte)
            while matched > 0, byte != word[matched] { matched = fallback[matched - 1] }
            if byte == word[matched] { matched += 1 }
            if matched == word.count { return true }
        }
        return false
    }

    private static func folded(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte + 32 : byte }
}
