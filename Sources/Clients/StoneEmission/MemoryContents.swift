internal import Digests
package import PackageModel
package import StoneFormat

/// Contents in memory, each once.
package struct MemoryContents: ContentSource, Hashable, Sendable {
    private var bytes: [ObjectID: ArraySlice<UInt8>] = [:]

    package init() {}

    /// Takes in a content and says what it is known by.
    package mutating func add(_ content: ArraySlice<UInt8>) -> ContentFile {
        let digest = content.withUnsafeBytes { ObjectID(hashing: $0) }
        bytes[digest] = content
        return ContentFile(digest: digest, size: UInt64(content.count))
    }

    /// A content that was taken in.
    package subscript(digest: ObjectID) -> ArraySlice<UInt8>? { bytes[digest] }

    package func read(
        _ file: ContentFile, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Never) -> Int {
        let rest = (bytes[file.digest] ?? []).dropFirst(Int(clamping: offset))
        let count = min(rest.count, buffer.count)
        buffer.copyBytes(from: rest.prefix(count))
        return count
    }
}
