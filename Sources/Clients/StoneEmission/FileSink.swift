import BytePath
import LinuxSystem
import StoneFormat

/// A stone's bytes on their way to a file.
struct FileSink: ByteSink, ~Copyable {
    private let descriptor: Descriptor
    /// What the file will be called, for errors.
    private let path: BytePath
    /// Bytes written so far.
    private(set) var size: UInt64 = 0

    init(_ descriptor: consuming Descriptor, _ path: BytePath) {
        self.descriptor = descriptor
        self.path = path
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        do throws(SystemError) {
            try descriptor.write(bytes)
        } catch {
            throw error.on(path)
        }
        size += UInt64(bytes.count)
    }

    mutating func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(SystemError) {
        do throws(SystemError) {
            try descriptor.write(bytes, at: offset)
        } catch {
            throw error.on(path)
        }
    }
}
