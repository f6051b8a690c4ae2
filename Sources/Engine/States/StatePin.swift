/// A state that must stay, and what it is called.
package struct StatePin: Hashable, Sendable {
    package let state: UInt64
    /// Unique in its root; nil for one that only has to stay.
    package let name: String?

    /// Whether a state may be called so: a letter, then up to 63 letters, digits, dots, underscores and hyphens, which
    /// no number or range of numbers can be.
    package static func isValid(name: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }
        let bytes = Array(name.utf8)
        guard let first = bytes.first, isLetter(first), bytes.count <= 64 else { return false }
        return bytes.allSatisfy { isLetter($0) || (48...57).contains($0) || [45, 46, 95].contains($0) }
    }
}
