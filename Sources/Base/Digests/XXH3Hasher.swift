internal import CXXHash

/// Computes XXH3 over a stream of bytes; reusable after `reset`.
///
/// One hasher computes one width: create it for 64 or for 128 bits.
package struct XXH3Hasher: ~Copyable {
    package enum Width: Sendable { case bits64, bits128 }

    private let state: OpaquePointer
    private let width: Width

    package init(_ width: Width) {
        guard let state = XXH3_createState() else { preconditionFailure("out of memory for an XXH3 state") }
        self.state = state
        self.width = width
        reset()
    }

    deinit {
        _ = XXH3_freeState(state)
    }

    /// Forgets everything hashed so far.
    package func reset() {
        switch width {
        case .bits64: _ = XXH3_64bits_reset(state)
        case .bits128: _ = XXH3_128bits_reset(state)
        }
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        switch width {
        case .bits64: _ = XXH3_64bits_update(state, bytes.baseAddress, bytes.count)
        case .bits128: _ = XXH3_128bits_update(state, bytes.baseAddress, bytes.count)
        }
    }

    package var digest64: UInt64 {
        precondition(width == .bits64, "this hasher computes 128 bits")
        return XXH3_64bits_digest(state)
    }

    package var digest128: Digest128 {
        precondition(width == .bits128, "this hasher computes 64 bits")
        return Digest128(XXH3_128bits_digest(state))
    }
}

/// XXH3-64 of `bytes`, seed 0.
package func xxh3Digest64(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    XXH3_64bits(bytes.baseAddress, bytes.count)
}

/// XXH3-64 of `bytes` with a seed, which makes the digest depend on more than the bytes.
package func xxh3Digest64(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    XXH3_64bits_withSeed(bytes.baseAddress, bytes.count, seed)
}
