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

    func encode(into writer: inout RecordWriter, withOrigin: Bool) {
        writer.put(directory.bytes)
        writer.put(entry.withRecord { Array(UnsafeRawBufferPointer(start: $0.base, count: $0.byteCount)) })
        guard withOrigin else { return }
        writer.put(Array((origin?.maker ?? "").utf8))
        writer.put(paths: origin?.sources ?? [])
    }

    init(from reader: inout RecordReader, withOrigin: Bool) throws {
        directory = BytePath(bytes: Array(try reader.counted()))
        let bytes = try reader.counted()
        guard let base = bytes.baseAddress, let record = EntryRecord(at: base, limit: base + bytes.count),
            record.byteCount == bytes.count, !record.isDirectory
        else { throw DecodingFailure("a generated entry is no entry record") }
        entry = record.entry
        guard withOrigin else {
            origin = nil
            return
        }
        let maker = String(decoding: try reader.counted(), as: UTF8.self)
        let sources = try reader.paths()
        origin = maker.isEmpty ? nil : Origin(maker: maker, sources: sources)
    }
}
