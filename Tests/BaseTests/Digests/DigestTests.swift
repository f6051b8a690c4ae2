import Digests
import Testing

@Suite("Digests")
struct DigestTests {
    private func sha256(_ text: String) -> String {
        Array(text.utf8).withUnsafeBytes { SHA256Digest(hashing: $0).hexadecimal }
    }

    @Test("SHA-256 of the standard's examples")
    func sha256Vectors() {
        #expect(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(
            sha256(String(repeating: "a", count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test("a stream in pieces has the digest of the whole, and the hasher can be used again")
    func streams() {
        let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
        let sha = SHA256Hasher()
        let xxh128 = XXH3Hasher(.bits128)
        let xxh64 = XXH3Hasher(.bits64)
        for pieceSize in [1, 7, 64, 1000, 5000] {
            xxh128.reset()
            xxh64.reset()
            for start in stride(from: 0, to: bytes.count, by: pieceSize) {
                Array(bytes[start..<min(bytes.count, start + pieceSize)]).withUnsafeBytes {
                    sha.update($0)
                    xxh128.update($0)
                    xxh64.update($0)
                }
            }
            bytes.withUnsafeBytes { whole in
                #expect(sha.finish() == SHA256Digest(hashing: whole))
                #expect(xxh128.digest128 == Digest128(hashing: whole))
                #expect(xxh64.digest64 == xxh3Digest64(whole))
            }
        }
        #expect(sha.finish().hexadecimal == sha256(""))
    }

    @Test("XXH3 of nothing, and canonical order")
    func xxh3() {
        #expect(Digest128(hashing: []) == .ofNothing)
        #expect(Digest128.ofNothing.hexadecimal == "99aa06d3014798d86001c324468d497f")
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(xxh3Digest64(nothing) == 0x2d06_8005_38d3_94c2)
        #expect(xxh3Digest64(nothing, seed: 1) != xxh3Digest64(nothing))
        let digest = Digest128(high: 0x0011_2233_4455_6677, low: 0x8899_aabb_ccdd_eeff)
        #expect(digest.canonicalBytes == (0...15).map { UInt8($0 * 0x11) })
        #expect(digest.canonicalBytes.withUnsafeBytes { Digest128(canonical: $0) } == digest)
        #expect(digest.hexadecimal == "00112233445566778899aabbccddeeff")
        #expect(Digest128(high: 1, low: 0) > Digest128(high: 0, low: .max))
    }

    @Test("digests from text: lower-case digits of the right number only")
    func parsing() {
        let digest = Digest128(hashing: [1, 2, 3])
        #expect(Digest128(hexadecimal: digest.hexadecimalBytes) == digest)
        let long = SHA256Digest(hashing: UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(SHA256Digest(hexadecimal: long.hexadecimal) == long)
        #expect(long.bytes.withUnsafeBytes { SHA256Digest(bytes: $0) } == long)
        for text in [
            "", "0", String(repeating: "A", count: 32), String(repeating: "0", count: 31) + "g",
            String(repeating: "0", count: 33), String(repeating: "-", count: 32),
        ] {
            #expect(Digest128(hexadecimal: Array(text.utf8)) == nil, "\(text)")
            #expect(SHA256Digest(hexadecimal: text + text) == nil, "\(text)")
        }
    }
}
