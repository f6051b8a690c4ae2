package import Digests

/// A name that is a digest of what it names. Each kind of thing has a type of its own, so that none is taken for another;
/// all are written and read here.
package protocol DigestIdentifier: Hashable, Comparable, Sendable, CustomStringConvertible {
    associatedtype Digest: Hashable & Comparable & Sendable & CustomStringConvertible

    init(_ digest: Digest)
    var digest: Digest { get }
}

extension DigestIdentifier {
    @inlinable
    package static func < (left: Self, right: Self) -> Bool { left.digest < right.digest }

    /// Lower-case hexadecimal digits.
    package var description: String { digest.description }
}

extension DigestIdentifier where Digest == Digest128 {
    package static var byteCount: Int { Digest128.byteCount }

    @inlinable
    package init(high: UInt64, low: UInt64) { self.init(Digest128(high: high, low: low)) }

    @inlinable
    package init(hashing bytes: UnsafeRawBufferPointer) { self.init(Digest128(hashing: bytes)) }

    package init(hashing bytes: [UInt8]) { self.init(Digest128(hashing: bytes)) }

    /// Reads 16 canonical bytes; `bytes` must hold at least that many.
    @inlinable
    package init(canonical bytes: UnsafeRawBufferPointer) { self.init(Digest128(canonical: bytes)) }

    /// Reads 32 lower-case hexadecimal digits; nil for anything else.
    package init?(hexadecimal text: some Collection<UInt8>) {
        guard let digest = Digest128(hexadecimal: text) else { return nil }
        self.init(digest)
    }

    @inlinable
    package var high: UInt64 { digest.high }
    @inlinable
    package var low: UInt64 { digest.low }

    /// The 16 canonical bytes, as they stand in records and stones.
    package var bytes: [UInt8] { digest.canonicalBytes }
    package func append(to bytes: inout [UInt8]) { digest.appendCanonical(to: &bytes) }

    /// 32 lower-case hexadecimal digits, as they stand in file names and reports.
    package var hexadecimal: String { digest.hexadecimal }
    package var hexadecimalBytes: [UInt8] { digest.hexadecimalBytes }
}

/// Names the content of a regular file: XXH3-128 of its bytes.
package struct ObjectID: DigestIdentifier {
    package let digest: Digest128

    @inlinable
    package init(_ digest: Digest128) { self.digest = digest }

    /// Of no bytes.
    package static let ofNothing = ObjectID(.ofNothing)
}

/// Names a directory with all that is below it: XXH3-128 of its encoding, which holds the ids of its subdirectories in
/// turn.
package struct TreeID: DigestIdentifier {
    package let digest: Digest128

    @inlinable
    package init(_ digest: Digest128) { self.digest = digest }
}

/// Names a package: SHA-256 of its stone.
package struct PackageID: DigestIdentifier {
    package let digest: SHA256Digest

    @inlinable
    package init(_ digest: SHA256Digest) { self.digest = digest }

    package static var byteCount: Int { SHA256Digest.byteCount }

    /// Reads 32 bytes; `bytes` must hold at least that many.
    package init(bytes: UnsafeRawBufferPointer) { self.init(SHA256Digest(bytes: bytes)) }

    package init(hashing bytes: UnsafeRawBufferPointer) { self.init(SHA256Digest(hashing: bytes)) }

    /// Reads 64 lower-case hexadecimal digits; nil for anything else.
    package init?(hexadecimal text: some StringProtocol) {
        guard let digest = SHA256Digest(hexadecimal: text) else { return nil }
        self.init(digest)
    }

    /// The 32 bytes, as they stand in records.
    package var bytes: [UInt8] { digest.bytes }

    /// 64 lower-case hexadecimal digits, as they stand in file names and reports.
    package var hexadecimal: String { digest.hexadecimal }
}
