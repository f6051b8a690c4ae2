package import BytePath

/// Bytes from elsewhere: where a location leads, and files that are what they should be.
///
/// The parts of URIs that local collections need: `file` URLs and relative references, percent-encoded.
package enum URIReference {
    /// The scheme of `text` in lower case; nil for a path.
    package static func scheme(of text: String) -> String? {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let scheme = text[..<colon]
        guard let first = scheme.utf8.first, isLetter(first),
            scheme.utf8.allSatisfy({ isLetter($0) || (48...57).contains($0) || [43, 45, 46].contains($0) })
        else { return nil }
        return scheme.lowercased()
    }

    /// The path of a `file` URL; nil where it names a host, is not absolute or is wrongly encoded.
    package static func path(ofFileURL text: String) -> BytePath? {
        guard scheme(of: text) == "file" else { return nil }
        var rest = text.utf8.dropFirst("file:".utf8.count)
        if rest.starts(with: "//".utf8) {
            rest = rest.dropFirst(2)
            guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { return nil }
            guard rest[..<slash].isEmpty || rest[..<slash].elementsEqual("localhost".utf8) else { return nil }
            rest = rest[slash...]
        }
        guard let bytes = decode(rest), bytes.first == UInt8(ascii: "/") else { return nil }
        return BytePath(bytes: bytes)
    }

    /// What the relative reference `text` means below the directory `base`; nil for anything but a path that stays
    /// inside the file system.
    package static func resolve(_ text: String, below base: BytePath) -> BytePath? {
        guard scheme(of: text) == nil, let bytes = decode(text.utf8), let first = bytes.first,
            first != UInt8(ascii: "/"), bytes.last != UInt8(ascii: "/")
        else { return nil }
        var components = base.components
        for component in BytePath(bytes: bytes).components {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                guard components.popLast() != nil else { return nil }
            } else {
                components.append(component)
            }
        }
        return BytePath(bytes: components.flatMap { [UInt8(ascii: "/")] + $0 })
    }

    /// A relative path as a reference: bytes that mean something in URIs, and all that are not printable ASCII, are
    /// percent-encoded.
    package static func encode(_ path: BytePath) -> String {
        var text: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        // A colon in the first component would make a scheme of it.
        for byte in path.bytes {
            switch byte {
            case 0...0x20, 0x22, 0x23, 0x25, 0x3a, 0x3c, 0x3e, 0x3f, 0x5c, 0x7f...0xff:
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: text.append(byte)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes that `text` stands for; nil with a broken escape, a NUL, a query or a fragment.
    private static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "?"), UInt8(ascii: "#"), 0: return nil
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(digit), let low = iterator.next().flatMap(digit) else {
                    return nil
                }
                guard high | low != 0 else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte & 0xdf) }
}
