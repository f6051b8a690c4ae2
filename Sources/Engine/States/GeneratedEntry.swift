package import BytePath
package import FileTree
internal import Storage

/// An entry that a tool made of a state's composed tree and put into it: no package brings it.
package struct GeneratedEntry: Hashable, Sendable {
    package struct Origin: Hashable, Sendable {
        /// The tool, as people read it.
        package let maker: String
        /// What it was made from, below `/usr`; what was not there is named too.
        package let sources: [BytePath]

        package init(maker: String, sources: [BytePath]) {
            self.maker = maker
            self.sources = sources
        }
    }

    /// Where it lies below `/usr`.
    package let directory: BytePath
    /// A file or link.
    package let entry: TreeEntry
    /// Nil in states of before this was noted.
    package let origin: Origin?

    package init(directory: BytePath, entry: TreeEntry, origin: Origin?) {
        self.directory = directory
        self.entry = entry
        self.origin = origin
    }

    package var path: BytePath { directory.appending(entry.name) }

    /// Directory and entry record; a flag and, where it is known, the origin.
    func encode(into writer: inout RecordWriter) {
        writer.put(directory)
        entry.withRecord { writer.put(counted: UnsafeRawBufferPointer(start: $0.base, count: $0.byteCount)) }
        writer.put(origin != nil)
        guard let origin else { return }
        writer.put(origin.maker)
        writer.put(origin.sources)
    }

    /// Reads all but the origin.
    init(from reader: inout RecordReader) throws(DecodingFailure) {
        directory = try reader.path()
        let bytes = try reader.counted()
        guard let base = bytes.baseAddress, let record = EntryRecord(at: base, limit: base + bytes.count),
            record.byteCount == bytes.count, !record.isDirectory,
            // Nothing in it is skipped, as reading trees skips what no writer writes.
            record.entry.withRecord({ UnsafeRawBufferPointer(start: $0.base, count: $0.byteCount).elementsEqual(bytes) }
            )
        else { throw reader.failure("a generated entry is no entry record") }
        entry = record.entry
        origin = nil
    }

    func withOrigin(from reader: inout RecordReader) throws(DecodingFailure) -> GeneratedEntry {
        let origin = Origin(maker: try reader.text(), sources: try reader.paths())
        // That is how version 3 wrote that there is none.
        return origin.maker.isEmpty ? self : GeneratedEntry(directory: directory, entry: entry, origin: origin)
    }
}
