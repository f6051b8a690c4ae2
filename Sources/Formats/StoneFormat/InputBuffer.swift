/// A fixed buffer between a source and a parser.
///
/// Invariant: `start <= end <= capacity`; the bytes in between were read and not yet consumed.
struct InputBuffer: ~Copyable {
    private let memory: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    /// Bytes consumed since the beginning: the file offset of the next one.
    private(set) var offset: UInt64 = 0

    init(capacity: Int) {
        memory = .allocate(byteCount: capacity, alignment: 64)
    }

    deinit {
        memory.deallocate()
    }

    var count: Int { end - start }

    /// The unconsumed bytes; valid until the next call that changes the buffer.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[start..<end]) }

    mutating func consume(_ count: Int) {
        precondition(count <= self.count, "more bytes consumed than there are")
        start += count
        offset += UInt64(count)
    }

    /// Reads once behind the unconsumed bytes; false at the end of the source. There must be room.
    mutating func fill<Source: ByteSource & ~Copyable>(from source: inout Source) throws(Source.Failure) -> Bool {
        if start > 0 {
            memory.copyMemory(from: bytes)
            end -= start
            start = 0
        }
        let room = UnsafeMutableRawBufferPointer(rebasing: memory[end...])
        let count = try source.read(into: room)
        precondition(count >= 0 && count <= room.count, "a source returned more bytes than it was asked for")
        end += count
        return count > 0
    }
}
