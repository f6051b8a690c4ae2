/// Where a writer puts its bytes, in order; what was written can be corrected.
package protocol ByteSink: ~Copyable {
    associatedtype Failure: Error

    /// Appends all of `bytes`.
    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(Failure)

    /// Replaces bytes that were written before; `offset` counts from the first byte the writer wrote.
    mutating func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(Failure)
}

/// A sink in memory.
package struct ByteArraySink: ByteSink {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(Never) {
        self.bytes.append(contentsOf: bytes)
    }

    package mutating func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(Never) {
        let start = Int(offset)
        self.bytes.replaceSubrange(start..<(start + bytes.count), with: bytes)
    }
}
