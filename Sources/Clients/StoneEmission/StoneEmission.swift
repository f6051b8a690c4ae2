package import BytePath
internal import Digests
package import PackageModel
package import StoneFormat

/// Analysed files to a stone: entries from any source become layout, index and content, and metadata stand in front.
///
/// An entry names its content by digest and size; the bytes are asked for when the stone is written, each content
/// once, the largest first. The same entries, metadata and options give the same bytes, whatever the order in which the
/// entries came and wherever the contents come from.
package struct StoneEmission: Hashable, Sendable {
    package var metadata: PackageMetadata
    /// As added; a stone holds them sorted by path.
    package private(set) var layout: [LayoutEntry]
    /// The length of each content that `layout` names.
    private var sizes: [ObjectID: UInt64]

    private static let pieceSize = 1 << 18

    package init(_ metadata: PackageMetadata) {
        self.metadata = metadata
        layout = []
        sizes = [:]
    }

    /// A package whose layout is known.
    ///
    /// - Parameter sizes: the length of each content the layout names; others do no harm.
    package init(_ metadata: PackageMetadata, layout: [LayoutEntry], sizes: [ObjectID: UInt64]) {
        self.metadata = metadata
        self.layout = layout
        self.sizes = sizes
    }

    /// Adds a regular file.
    ///
    /// - Parameter mode: the permissions, without the file-type bits.
    package mutating func add(
        file path: BytePath, _ content: ContentFile, mode: UInt32 = 0o644, uid: UInt32 = 0, gid: UInt32 = 0
    ) {
        sizes[content.digest] = content.size
        add(.regular(content.digest), path, mode, uid, gid)
    }

    package mutating func add(link path: BytePath, to target: BytePath, uid: UInt32 = 0, gid: UInt32 = 0) {
        add(.symlink(target), path, 0o777, uid, gid)
    }

    package mutating func add(directory path: BytePath, mode: UInt32 = 0o755, uid: UInt32 = 0, gid: UInt32 = 0) {
        add(.directory, path, mode, uid, gid)
    }

    /// Adds any entry; the content of a regular file has to be announced by ``add(file:_:mode:uid:gid:)``.
    package mutating func add(_ entry: LayoutEntry) {
        layout.append(entry)
    }

    private mutating func add(
        _ kind: LayoutEntry.Kind, _ path: BytePath, _ mode: UInt32, _ uid: UInt32, _ gid: UInt32
    ) {
        layout.append(
            LayoutEntry(path: path, kind: kind, mode: kind.fileTypeBits | mode & 0o7777, uid: uid, gid: gid))
    }

    /// The contents of the layout, each once, in the order in which a stone holds them.
    package var files: [ContentFile] {
        var wanted: [ObjectID: UInt64] = [:]
        for case .regular(let digest) in layout.lazy.map(\.kind) { wanted[digest] = sizes[digest] }
        return wanted.map { ContentFile(digest: $0.key, size: $0.value) }.sorted(by: ContentFile.precedes)
    }

    /// Bytes of all contents together.
    package var contentSize: UInt64 { files.saturatedSum(\.size) }

    /// Writes the stone and returns the sink.
    ///
    /// Throws what sink and source throw, and as an error of the stone's what no stone can hold: impossible paths, a
    /// content that is missing, shorter than announced or another one. What the sink holds then is no stone.
    package func write<Sink: ByteSink & ~Copyable, Source: ContentSource & ~Copyable>(
        to sink: consuming Sink, contents: inout Source, options: StoneWriterOptions = StoneWriterOptions()
    ) throws(StoneEmissionError<Sink.Failure, Source.Failure>) -> Sink {
        let files = files
        var writer: StoneWriter<Sink>
        do throws(StoneWriteError<Sink.Failure>) {
            writer = try StoneWriter(sink, metadata: metadata, layout: layout, files: files, options: options)
        } catch {
            throw StoneEmissionError(error)
        }
        // No closures here: the 6.3.1 optimiser crashes when it inlines one that throws a generic error over Never.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 64)
        defer { buffer.deallocate() }
        for file in files { try copy(file, from: &contents, to: &writer, by: buffer) }
        do throws(StoneWriteError<Sink.Failure>) {
            return try writer.finish()
        } catch {
            throw StoneEmissionError(error)
        }
    }

    private func copy<Sink: ByteSink & ~Copyable, Source: ContentSource & ~Copyable>(
        _ file: ContentFile, from contents: inout Source, to writer: inout StoneWriter<Sink>,
        by buffer: UnsafeMutableRawBufferPointer
    ) throws(StoneEmissionError<Sink.Failure, Source.Failure>) {
        var offset: UInt64 = 0
        while offset < file.size {
            let count: Int
            do throws(Source.Failure) {
                count = try contents.read(file, at: offset, into: buffer)
            } catch {
                throw .source(error)
            }
            guard count > 0 else {
                let missing = "the content \(file.digest) ends after \(offset) of \(file.size) bytes"
                throw .stone(StoneError(.contentMismatch, payload: .content, missing))
            }
            do throws(StoneWriteError<Sink.Failure>) {
                try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } catch {
                throw StoneEmissionError(error)
            }
            offset += UInt64(count)
        }
    }

    /// The stone in memory.
    package func bytes(
        contents: MemoryContents, options: StoneWriterOptions = StoneWriterOptions()
    ) throws(StoneError) -> [UInt8] {
        var contents = contents
        do throws(StoneEmissionError<Never, Never>) {
            return try write(to: ByteArraySink(), contents: &contents, options: options).bytes
        } catch {
            throw error.stoneError
        }
    }
}
