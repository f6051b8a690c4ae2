import BytePath
internal import CArchive
import Glibc
import LinuxSystem

/// Reads ar and tar archives, the latter through gzip, xz, zstd and their like, front to back.
///
/// The only place that knows libarchive. One thread at a time; content is handed out in blocks and never held whole.
struct ArchiveReader: ~Copyable {
    private let handle: OpaquePointer
    /// The .deb, for errors.
    private let file: BytePath
    /// Where a nested archive's bytes come from; nil for the outermost one.
    private let source: OuterMember?

    /// Content above this is refused: no package has it, only a sparse file made to wear us out.
    private static let contentSizeMax: UInt64 = 64 << 30
    private static let blockSize = 1 << 16

    /// Opens an ar archive. `descriptor` has to outlive the reader.
    static func open(
        archiveOf file: BytePath, in descriptor: borrowing Descriptor
    ) throws(DebianImportError) -> ArchiveReader {
        let reader = ArchiveReader(try makeHandle(file), file, nil)
        guard archive_read_support_format_ar(reader.handle) == ARCHIVE_OK,
            archive_read_open_fd(reader.handle, descriptor.raw, blockSize) == ARCHIVE_OK
        else { throw reader.problem() }
        return reader
    }

    /// Opens the tar archive that the current member of another reader is; that one has to outlive this one.
    private static func open(
        nestedIn outer: borrowing ArchiveReader
    ) throws(DebianImportError) -> ArchiveReader {
        let source = OuterMember(outer.handle)
        let handle = try makeHandle(outer.file)
        let reader = ArchiveReader(handle, outer.file, source)
        archive_read_support_format_tar(handle)
        archive_read_support_filter_gzip(handle)
        archive_read_support_filter_xz(handle)
        archive_read_support_filter_zstd(handle)
        archive_read_support_filter_bzip2(handle)
        archive_read_support_filter_lzma(handle)
        // Names are bytes; and reading on behind the end marker makes the compressed stream's checksum count.
        archive_read_set_format_option(handle, "tar", "hdrcharset", "BINARY")
        archive_read_set_format_option(handle, "tar", "read_concatenated_archives", "1")
        let opened = archive_read_open(
            handle, Unmanaged.passUnretained(source).toOpaque(), nil,
            { (_, source, block) in
                // `source` is kept by the reader, which frees the handle first.
                guard let source, let block else { return -1 }
                return Unmanaged<OuterMember>.fromOpaque(source).takeUnretainedValue().next(block)
            }, nil)
        guard opened == ARCHIVE_OK else { throw reader.problem() }
        return reader
    }

    private init(_ handle: OpaquePointer, _ file: BytePath, _ source: OuterMember?) {
        self.handle = handle
        self.file = file
        self.source = source
    }

    deinit {
        archive_read_free(handle)
    }

    private static func makeHandle(_ file: BytePath) throws(DebianImportError) -> OpaquePointer {
        guard let handle = archive_read_new() else {
            throw DebianImportError(.system, file, "no memory for an archive")
        }
        return handle
    }

    private func problem() -> DebianImportError {
        let text = archive_error_string(source.flatMap { $0.failed ? $0.outer : nil } ?? handle)
        let cause = text.map { String(cString: $0) } ?? "the archive cannot be read"
        return DebianImportError(.damaged, file, "\(cause); the package is incomplete or damaged, fetch it again")
    }

    /// The next member's header; nil at the end. Content that was not read is skipped.
    mutating func nextEntry() throws(DebianImportError) -> ArchiveEntry? {
        var entry: OpaquePointer?
        switch archive_read_next_header(handle, &entry) {
        case ARCHIVE_EOF: return nil
        case ARCHIVE_OK, ARCHIVE_WARN: break
        default: throw problem()
        }
        guard let entry else { throw problem() }
        guard let path = bytes(archive_entry_pathname(entry)) else {
            throw DebianImportError(.damaged, file, "a member of the archive has no readable name")
        }
        let hardLink = bytes(archive_entry_hardlink(entry))
        return ArchiveEntry(
            path: path, mode: UInt32(archive_entry_mode(entry)),
            uid: UInt32(clamping: archive_entry_uid(entry)), gid: UInt32(clamping: archive_entry_gid(entry)),
            size: UInt64(clamping: archive_entry_size(entry)),
            symlinkTarget: hardLink == nil ? bytes(archive_entry_symlink(entry)) : nil, hardLinkTarget: hardLink,
            attributeNames: attributeNames(entry))
    }

    private func bytes(_ text: UnsafePointer<CChar>?) -> BytePath? {
        text.map { BytePath(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
    }

    private func attributeNames(_ entry: OpaquePointer) -> [String] {
        var names: [String] = []
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        archive_entry_xattr_reset(entry)
        while archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK, let text = name {
            names.append(String(cString: text))
        }
        return names
    }

    /// Hands out the current member's content in order, holes of sparse files as zeros.
    mutating func readContent(
        _ body: (UnsafeRawBufferPointer) throws(DebianImportError) -> Void
    ) throws(DebianImportError) {
        var position: UInt64 = 0
        while true {
            var block: UnsafeRawPointer?
            var count = 0
            var offset: Int64 = 0
            switch archive_read_data_block(handle, &block, &count, &offset) {
            case ARCHIVE_EOF:
                try fill(from: &position, to: UInt64(clamping: offset), body)
                return
            case ARCHIVE_OK, ARCHIVE_WARN: break
            default: throw problem()
            }
            try fill(from: &position, to: UInt64(clamping: offset), body)
            guard let block, count > 0 else { continue }
            try body(UnsafeRawBufferPointer(start: block, count: count))
            position += UInt64(count)
        }
    }

    private func fill(
        from position: inout UInt64, to end: UInt64, _ body: (UnsafeRawBufferPointer) throws(DebianImportError) -> Void
    ) throws(DebianImportError) {
        guard end > position else { return }
        guard end <= Self.contentSizeMax else {
            throw DebianImportError(.damaged, file, "a member claims to have \(end) bytes")
        }
        let zeros = [UInt8](repeating: 0, count: Int(min(UInt64(Self.blockSize), end - position)))
        while position < end {
            let count = Int(min(UInt64(zeros.count), end - position))
            try zeros.span.bytes.withUnsafeBytes { (bytes) throws(DebianImportError) in
                try body(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            }
            position += UInt64(count)
        }
    }

    /// The current member's whole content; more than `limit` bytes is an error.
    mutating func readContent(limit: Int) throws(DebianImportError) -> [UInt8] {
        var content: [UInt8] = []
        let file = file
        try readContent { (bytes) throws(DebianImportError) in
            guard bytes.count <= limit - content.count else {
                throw DebianImportError(.damaged, file, "a member of the archive is larger than \(limit) bytes")
            }
            content.append(contentsOf: bytes)
        }
        return content
    }

    /// Opens the current member as a tar archive for the duration of `body`, then reads the member to its end.
    mutating func withNestedArchive(
        _ body: (inout ArchiveReader) throws(DebianImportError) -> Void
    ) throws(DebianImportError) {
        try readNested(body)
        try readContent { (_) throws(DebianImportError) in }
    }

    private func readNested(_ body: (inout ArchiveReader) throws(DebianImportError) -> Void) throws(DebianImportError) {
        var nested = try ArchiveReader.open(nestedIn: self)
        try body(&nested)
    }
}

/// The current member of an outer archive as the bytes of an inner one.
private final class OuterMember {
    let outer: OpaquePointer
    private(set) var failed = false

    init(_ outer: OpaquePointer) {
        self.outer = outer
    }

    /// Points `block` at the next bytes, which stay valid until the next call: their number, 0 at the end, -1 if none.
    func next(_ block: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
        var count = 0
        var offset: Int64 = 0
        while true {
            switch archive_read_data_block(outer, block, &count, &offset) {
            case ARCHIVE_EOF: return 0
            case ARCHIVE_OK, ARCHIVE_WARN:
                if count > 0 { return count }
            default:
                failed = true
                return -1
            }
        }
    }
}
