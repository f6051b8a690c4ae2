package import Transfer

/// Addresses that lie in a store of objects, and how it is asked for them.
package struct StoreAccess: Hashable, Sendable {
    /// What all of them begin with.
    package var prefix: String
    /// Nil where everybody may read.
    package var signing: TransferSigning?

    package init(prefix: String, signing: TransferSigning?) {
        self.prefix = prefix
        self.signing = signing
    }

    /// The address as such stores read it, and signatures want it: every byte of its path that is not plain is escaped,
    /// "+" among them, which is a blank for some.
    package static func signable(_ address: String) -> String {
        let bytes = Array(address.utf8)
        let authority = address.firstRange(of: "://").map { bytes.count - address[$0.upperBound...].utf8.count } ?? 0
        guard let start = bytes[authority...].firstIndex(of: UInt8(ascii: "/")) else { return address }
        var text = Array(bytes[..<start])
        var place = start
        while place < bytes.count {
            var byte = bytes[place]
            place += 1
            if byte == UInt8(ascii: "%"), place + 2 <= bytes.count,
                let code = UInt8(String(decoding: bytes[place..<place + 2], as: UTF8.self), radix: 16)
            {
                byte = code
                place += 2
            } else if byte == UInt8(ascii: "/") {
                text.append(byte)
                continue
            }
            text += escaped(byte)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A value in an address's path or query.
    package static func escaped(_ text: some Sequence<UInt8>) -> String {
        String(decoding: text.flatMap { escaped($0) }, as: UTF8.self)
    }

    private static func escaped(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            [byte]
        default:
            [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }

    private static let digits = Array("0123456789ABCDEF".utf8)
}
