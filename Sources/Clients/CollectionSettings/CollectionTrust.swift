package import Downloads

/// Who vouches for what a collection offers.
package enum CollectionTrust: Hashable, Sendable {
    /// As many of these keys' holders as the threshold says.
    case keys([CollectionKey], threshold: Int)
    /// Nobody: it was said that this is wanted.
    case unsigned
    /// Whoever may write to this machine's files.
    case local

    /// Any of several keys that have to vouch together.
    /// - Throws: `malformedConfiguration` for keys that come twice, and a threshold that no number of them reaches.
    package static func keys(
        _ texts: [String], threshold: UInt64 = 1
    ) throws(RepositoryError) -> CollectionTrust {
        var keys: [CollectionKey] = []
        for text in texts {
            let key = try CollectionKey(text)
            guard !keys.contains(key) else {
                throw RepositoryError(.malformedConfiguration, "\"\(text)\"", "this key is named twice")
            }
            keys.append(key)
        }
        guard let most = Int(exactly: threshold), most > 0, most <= keys.count else {
            throw RepositoryError(
                .malformedConfiguration, "\(threshold)",
                "the threshold is how many of the keys have to sign: from 1 to as many as are named, here \(keys.count)"
            )
        }
        return .keys(keys, threshold: most)
    }
}

extension CollectionTrust {
    /// The same text only where the same ones have to vouch.
    package var text: String {
        switch self {
        case .keys(let keys, let threshold):
            "\(threshold) of "
                + keys.map(\.text).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: ",")
        case .unsigned: "unsigned"
        case .local: "local"
        }
    }
}

/// A public key of Ed25519: 32 bytes, written as 64 hexadecimal digits.
package struct CollectionKey: Hashable, Sendable {
    package let bytes: [UInt8]

    package static let byteCount = 32

    package init(_ text: String) throws(RepositoryError) {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count == 2 * Self.byteCount else {
            throw RepositoryError(
                .malformedConfiguration, "\"\(text)\"", "a key is written as \(2 * Self.byteCount) hexadecimal digits")
        }
        bytes = (0..<Self.byteCount).map { UInt8(digits[2 * $0] << 4 | digits[2 * $0 + 1]) }
    }

    package var text: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension CollectionKey: CustomStringConvertible {
    package var description: String { text }
}

extension CollectionConfiguration {
    /// Who has to vouch for what the collection offers.
    ///
    /// - Throws: `malformedConfiguration` where it comes from another machine and nothing is said about it: whoever is
    ///   on the way could offer anything.
    package var trust: CollectionTrust {
        get throws(RepositoryError) {
            if let declaredTrust { return declaredTrust }
            guard !source.isLocal else { return .local }
            let place = origin.map { " (in \($0))" } ?? ""
            throw RepositoryError(
                .malformedConfiguration, id.text,
                "nothing says who vouches for this collection; name the keys that sign it (keys), or say that it may "
                    + "come without signatures (unsigned)\(place)")
        }
    }
}
