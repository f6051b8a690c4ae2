import Digests

/// The checksum of a payload's stored bytes: XXH3-64.
func checksum(of bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBytes { xxh3Digest64($0) }
}
