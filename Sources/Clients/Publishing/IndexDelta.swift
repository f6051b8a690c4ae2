package import Zstandard

/// An index as the difference from a former one: a zstd frame whose prefix that is.
package enum IndexDelta {
    /// The delta; nil where it has not less than half the bytes of the index, and is not worth it.
    package static func encode(_ index: [UInt8], from old: [UInt8]) throws(ZstandardError) -> [UInt8]? {
        var compressor = try Compressor(.difference)
        let delta = try compressor.compress(index, against: old)
        return delta.count < index.count / 2 ? delta : nil
    }

    /// The index, which has `size` bytes. Whether it is the right one its digest says.
    package static func apply(_ delta: [UInt8], to old: [UInt8], size: Int) throws(ZstandardError) -> [UInt8] {
        var decompressor = try Decompressor()
        return try decompressor.decompress(delta, exactly: size, against: old)
    }
}
