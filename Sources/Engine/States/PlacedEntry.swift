package import BytePath
package import FileTree
internal import LMDB

/// An entry that the tools put into a state's tree besides what its packages bring.
package struct PlacedEntry: Hashable, Sendable {
    /// Where it lies below `/usr`.
    package let directory: BytePath
    /// A file or link.
    package let entry: TreeEntry

    package init(directory: BytePath, entry: TreeEntry) {
        self.directory = directory
        self.entry = entry
    }

    func encode(into writer: inout RecordWriter) {
        writer.put(directory.bytes)
        writer.put(entry.withRecord { Array(UnsafeRawBufferPointer(start: $0.base, count: $0.byteCount)) })
    }

    init(from reader: inout RecordReader) throws {
        directory = BytePath(bytes: Array(try reader.counted()))
        let bytes = try reader.counted()
        guard let base = bytes.baseAddress, let record = EntryRecord(at: base, limit: base + bytes.count),
            record.byteCount == bytes.count, !record.isDirectory
        else { throw DecodingFailure("a placed entry is no entry record") }
        entry = record.entry
    }
}
