/// Walks header, program headers, dynamic section and notes of one ELF file.
///
/// Section headers are not needed and, apart from the count of many program headers, not looked at: stripping tools
/// may drop them, the loader never reads them.
struct ELFParser {
    /// The file's size and a way to its bytes.
    struct Source {
        let size: UInt64
        let read: (_ offset: UInt64, _ count: Int) -> [UInt8]
    }

    /// One program header.
    struct Segment {
        let kind: UInt32
        let offset: UInt64
        let address: UInt64
        let fileSize: UInt64
        let alignment: UInt64

        static let load: UInt32 = 1
        static let dynamic: UInt32 = 2
        static let interpreter: UInt32 = 3
        static let note: UInt32 = 4
    }

    let source: Source
    var file: ELFFile
    var segments: [Segment] = []

    static let dynamicSizeMax: UInt64 = 4 << 20
    static let noteSizeMax: UInt64 = 1 << 20
    static let nameLengthMax: UInt64 = 4096

    var isWide: Bool { file.fileClass == .bits64 }

    static func parse(_ source: Source) -> Result<ELFFile, ELFError> {
        Result { () throws(ELFError) in
            var parser = try ELFParser(header: source)
            try parser.readSegments()
            try parser.readInterpreter()
            try parser.readDynamic()
            parser.readBuildID()
            return parser.file
        }
    }

    private init(header source: Source) throws(ELFError) {
        let ident = try Self.bytes(source, 0, min(20, Int(clamping: source.size)))
        guard ident.starts(with: ELFFile.magic) else {
            throw ELFError(.notELF, "the file does not begin with the ELF magic")
        }
        guard ident.count == 20 else { throw ELFError(.outOfBounds, "the file ends inside its ELF header") }
        guard ident[4] == 1 || ident[4] == 2, ident[5] == 1 || ident[5] == 2, ident[6] == 1 else {
            throw ELFError(
                .unsupported, "ELF class \(ident[4]), byte order \(ident[5]), version \(ident[6]) is unknown")
        }
        let fields = ELFFields(bytes: ident, isBigEndian: ident[5] == 2)
        self.source = source
        file = ELFFile(
            fileClass: ident[4] == 2 ? .bits64 : .bits32, isBigEndian: ident[5] == 2,
            machine: ELFMachine(rawValue: UInt16(truncatingIfNeeded: fields.integer(at: 18, 2))),
            type: ELFType(rawValue: UInt16(truncatingIfNeeded: fields.integer(at: 16, 2))))
    }

    /// Exactly `count` bytes at `offset`, or an error.
    static func bytes(_ source: Source, _ offset: UInt64, _ count: Int) throws(ELFError) -> [UInt8] {
        guard offset <= source.size, UInt64(count) <= source.size - offset else {
            throw ELFError(
                .outOfBounds, "\(count) bytes at offset \(offset) lie outside a file of \(source.size) bytes")
        }
        if count == 0 { return [] }
        let bytes = source.read(offset, count)
        guard bytes.count == count else {
            throw ELFError(.outOfBounds, "the file ends before the \(count) bytes at offset \(offset)")
        }
        return bytes
    }

    func fields(_ offset: UInt64, _ count: Int) throws(ELFError) -> ELFFields {
        ELFFields(bytes: try Self.bytes(source, offset, count), isBigEndian: file.isBigEndian)
    }

    private mutating func readSegments() throws(ELFError) {
        let header = try fields(0, isWide ? 64 : 52)
        let offset = isWide ? header.integer(at: 32, 8) : header.integer(at: 28, 4)
        let entrySize = header.integer(at: isWide ? 54 : 42, 2)
        var count = header.integer(at: isWide ? 56 : 44, 2)
        if count == 0xffff {
            // PN_XNUM: the true number is in the first section header.
            let sections = isWide ? header.integer(at: 40, 8) : header.integer(at: 32, 4)
            count = try fields(sections, isWide ? 64 : 40).integer(at: isWide ? 44 : 28, 4)
        }
        if count == 0 { return }
        let sizeMin: UInt64 = isWide ? 56 : 32
        guard entrySize >= sizeMin, entrySize <= 1024, count <= 1 << 16 else {
            throw ELFError(.malformed, "\(count) program headers of \(entrySize) bytes cannot be")
        }
        let table = try fields(offset, Int(entrySize * count))
        for index in 0..<Int(count) { segments.append(segment(table, at: index * Int(entrySize))) }
    }

    private func segment(_ table: ELFFields, at start: Int) -> Segment {
        if isWide {
            Segment(
                kind: UInt32(truncatingIfNeeded: table.integer(at: start, 4)), offset: table.integer(at: start + 8, 8),
                address: table.integer(at: start + 16, 8), fileSize: table.integer(at: start + 32, 8),
                alignment: table.integer(at: start + 48, 8))
        } else {
            Segment(
                kind: UInt32(truncatingIfNeeded: table.integer(at: start, 4)), offset: table.integer(at: start + 4, 4),
                address: table.integer(at: start + 8, 4), fileSize: table.integer(at: start + 16, 4),
                alignment: table.integer(at: start + 28, 4))
        }
    }

    private mutating func readInterpreter() throws(ELFError) {
        guard let segment = segments.first(where: { $0.kind == Segment.interpreter }), segment.fileSize > 0 else {
            return
        }
        guard segment.fileSize <= Self.nameLengthMax else {
            throw ELFError(.malformed, "the interpreter's path has \(segment.fileSize) bytes")
        }
        let bytes = try Self.bytes(source, segment.offset, Int(segment.fileSize))
        file.interpreter = Array(bytes.prefix { $0 != 0 })
    }

    /// Build ids are a help, not a promise: notes that make no sense are passed over.
    private mutating func readBuildID() {
        for segment in segments where segment.kind == Segment.note && segment.fileSize <= Self.noteSizeMax {
            guard let notes = try? fields(segment.offset, Int(segment.fileSize)) else { continue }
            if let id = notes.buildID(alignment: segment.alignment == 8 ? 8 : 4) {
                file.buildID = id
                return
            }
        }
    }
}
