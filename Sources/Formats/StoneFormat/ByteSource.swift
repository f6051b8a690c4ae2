/// Where a reader gets its bytes from, in order.
package protocol ByteSource: ~Copyable {
    associatedtype Failure: Error

    /// Fills the beginning of `buffer`, which is never empty, and returns the number of bytes; 0 at the end.
    ///
    /// Fewer bytes than fit are no sign of the end.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int
}

/// Bytes in memory as a source.
package struct ByteArraySource: ByteSource {
    package let bytes: [UInt8]
    package private(set) var position = 0

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(Never) -> Int {
        let count = min(buffer.count, bytes.count - position)
        bytes.withUnsafeBytes { all in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: all[position..<(position + count)]))
        }
        position += count
        return count
    }
}
