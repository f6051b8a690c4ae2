package import Downloads

/// The name of a collection: 1 to 64 ASCII letters, digits, "-" and "_", not starting with "-".
///
/// It becomes a file name and a key, which is why it is narrow.
package struct CollectionID: Hashable, Sendable {
    package let text: String

    package static let byteCountMax = 64

    package init(_ text: some StringProtocol) throws(RepositoryError) {
        let bytes = text.utf8
        guard (1...Self.byteCountMax).contains(bytes.count), bytes.first != UInt8(ascii: "-"),
            bytes.allSatisfy(Self.isAllowed)
        else {
            throw RepositoryError(
                .invalidIdentifier, "\"\(text)\"",
                "a collection's name has 1 to 64 letters, digits, \"-\" and \"_\" and does not start with \"-\"")
        }
        self.text = String(text)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension CollectionID: Comparable, CustomStringConvertible {
    package static func < (left: CollectionID, right: CollectionID) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    package var description: String { text }
}
