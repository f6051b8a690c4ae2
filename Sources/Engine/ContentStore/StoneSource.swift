internal import Digests
internal import LinuxSystem
internal import StoneFormat

/// The SHA-256 of what a source has given so far; shared between the reader's source and who asks afterwards.
final class StreamDigest {
    let hasher = SHA256Hasher()
}

/// Reads a stone front to back and hashes it on the way.
struct StoneSource: ByteSource {
    /// Kept open by the caller for as long as the source is used.
    private let file: Int32
    private var offset: UInt64 = 0
    private let digest: StreamDigest?

    init(_ file: borrowing Descriptor, digest: StreamDigest?) {
        self.file = file.raw
        self.digest = digest
    }

    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        let count = try SystemCalls.read(file, into: buffer, at: offset)
        offset += UInt64(count)
        digest?.hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count
    }
}
