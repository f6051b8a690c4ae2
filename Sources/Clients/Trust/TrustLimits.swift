/// How much of anything is believed.
package struct TrustLimits: Hashable, Sendable {
    /// Of a signed document as it is fetched.
    package var envelopeByteCountMax = 512 << 10
    package var signatureCountMax = 64
    package var keyCountMax = 64
    /// Ever, in one collection.
    package var revokedCountMax = 1024
    package var deltaCountMax = 512
    /// Of an index, a list of files or a delta.
    package var fileByteCountMax: UInt64 = 4 << 30
    /// How far the serial may go ahead between two looks. Whoever has stolen enough keys can spoil that many serials at a
    /// time, and of those there are 2^53: they do not run out.
    package var serialJumpMax: UInt64 = 1_000_000
    /// How far clocks may be apart.
    package var clockSecondsMax: UInt64 = Age.day

    package static let standard = TrustLimits()

    /// Numbers that every reader of JSON holds exactly.
    static let numberMax: UInt64 = 1 << 53 - 1
}
