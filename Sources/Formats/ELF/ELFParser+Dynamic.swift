extension ELFParser {
    private static let needed: UInt64 = 1
    private static let stringTable: UInt64 = 5
    private static let stringTableSize: UInt64 = 10
    private static let soname: UInt64 = 14

    /// Reads DT_SONAME and DT_NEEDED of the dynamic segment.
    mutating func readDynamic() throws(ELFError) {
        guard let segment = segments.first(where: { $0.kind == Segment.dynamic }), segment.fileSize > 0 else { return }
        guard segment.fileSize <= Self.dynamicSizeMax else {
            throw ELFError(.malformed, "the dynamic section has \(segment.fileSize) bytes")
        }
        let table = try fields(segment.offset, Int(segment.fileSize))
        let width = isWide ? 8 : 4
        var needed: [UInt64] = []
        var soname: UInt64?
        var address: UInt64?
        var size: UInt64?
        for start in stride(from: 0, through: table.bytes.count - 2 * width, by: 2 * width) {
            let value = table.integer(at: start + width, width)
            let tag = table.integer(at: start, width)
            if tag == 0 { break }
            switch tag {
            case Self.needed: needed.append(value)
            case Self.soname: soname = value
            case Self.stringTable: address = value
            case Self.stringTableSize: size = value
            default: break
            }
        }
        if needed.isEmpty && soname == nil { return }
        guard let address, let size else {
            throw ELFError(.malformed, "the dynamic section names libraries but no string table")
        }
        let names = try stringTable(at: address, size: size)
        file.soname = try soname.map { (offset) throws(ELFError) in try name(in: names, at: offset) }
        for offset in needed { file.needed.append(try name(in: names, at: offset)) }
    }

    /// Where in the file a string table lies that the loader would see at `address`.
    private func stringTable(at address: UInt64, size: UInt64) throws(ELFError) -> Range<UInt64> {
        for segment in segments where segment.kind == Segment.load && address >= segment.address {
            let inside = address - segment.address
            guard inside < segment.fileSize else { continue }
            let (start, startOverflow) = segment.offset.addingReportingOverflow(inside)
            let (end, endOverflow) = start.addingReportingOverflow(size)
            guard !startOverflow, !endOverflow, size <= segment.fileSize - inside, end <= source.size else { break }
            return start..<end
        }
        throw ELFError(.outOfBounds, "the string table at address \(address) is in no loaded segment")
    }

    private func name(in table: Range<UInt64>, at offset: UInt64) throws(ELFError) -> [UInt8] {
        let size = table.upperBound - table.lowerBound
        guard offset < size else {
            throw ELFError(.outOfBounds, "a name at \(offset) lies outside a string table of \(size) bytes")
        }
        let start = table.lowerBound + offset
        // Most names are short: a small piece first, then all that a name may have.
        for limit in [UInt64(128), Self.nameLengthMax] {
            let piece = try Self.bytes(source, start, Int(min(limit, table.upperBound - start)))
            if let end = piece.firstIndex(of: 0) { return Array(piece[..<end]) }
        }
        throw ELFError(.malformed, "a name at \(offset) of the string table has no end")
    }
}
