import LinuxSystem
import StoneFormat

/// A stone's bytes on their way to a file.
struct FileSink: ByteSink, ~Copyable {
    private let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        try descriptor.write(bytes)
    }

    mutating func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(SystemError) {
        try descriptor.write(bytes, at: offset)
    }

    /// Bytes written so far.
    func size() throws(SystemError) -> UInt64 {
        try descriptor.status().size
    }
}
