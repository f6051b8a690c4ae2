/// The name of a channel, stream, tag or history: 1 to 255 ASCII letters, digits and "-", not starting with "-".
///
/// It becomes a part of addresses, which is why it is narrow.
package struct IndexIdentifier: Hashable, Sendable {
    package let text: String

    private static let byteCountMax = 255

    package init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard (1...Self.byteCountMax).contains(bytes.count), bytes.first != UInt8(ascii: "-"),
            bytes.allSatisfy(Self.isAllowed)
        else { return nil }
        self.text = String(text)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension IndexIdentifier: CustomStringConvertible {
    package var description: String { text }
}
