/// One record of a Meta payload: value length (u32), tag (u16), primitive kind (u8), padding (u8), value.
package struct MetaRecord: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        case int8(Int8)
        case uint8(UInt8)
        case int16(Int16)
        case uint16(UInt16)
        case int32(Int32)
        case uint32(UInt32)
        case int64(Int64)
        case uint64(UInt64)
        case string(String)
        /// Dependency kind byte, which may be unknown, and target.
        case dependency(kind: UInt8, target: String)
        case provider(kind: UInt8, target: String)
        /// A primitive of an unknown kind.
        case opaque(primitive: UInt8, bytes: [UInt8])
    }

    /// Bytes before the value.
    package static let headByteCount = 8

    package var tag: MetaTag
    package var value: Value

    package init(_ tag: MetaTag, _ value: Value) {
        self.tag = tag
        self.value = value
    }
}

// MARK: - Decoding

extension MetaRecord {
    /// Reads `count` records that make up all of `plain`.
    ///
    /// Padding is not looked at. A length that does not fit its primitive, text that is not UTF-8 or holds a NUL
    /// anywhere but at its end, and left-over bytes are errors.
    /// - Parameter offset: where the payload stands in its file, for errors.
    package static func decode(
        _ plain: UnsafeRawBufferPointer, count: UInt32, at offset: UInt64
    ) throws(StoneError) -> [MetaRecord] {
        var parser = RecordParser(plain, kind: .meta, offset: offset)
        let count = try parser.check(count: count, sizeMin: headByteCount)
        var records: [MetaRecord] = []
        records.reserveCapacity(count)
        for record in 0..<count {
            parser.record = record
            records.append(try MetaRecord(&parser))
        }
        try parser.finish()
        return records
    }

    private init(_ parser: inout RecordParser) throws(StoneError) {
        let length = try parser.integer(UInt32.self)
        tag = MetaTag(rawValue: try parser.integer())
        let primitive = try parser.integer(UInt8.self)
        _ = try parser.integer(UInt8.self)
        let bytes = try parser.slice(UInt64(length))
        var field = RecordParser(bytes, kind: parser.kind, offset: parser.offset)
        field.record = parser.record
        value = try Self.value(primitive: primitive, bytes, &field)
        if (1...8).contains(primitive), field.remaining > 0 {
            throw parser.error(.malformedRecord, "an integer of primitive kind \(primitive) in \(length) bytes")
        }
    }

    private static func value(
        primitive: UInt8, _ bytes: UnsafeRawBufferPointer, _ field: inout RecordParser
    ) throws(StoneError) -> Value {
        switch primitive {
        case 1: return .int8(try field.integer())
        case 2: return .uint8(try field.integer())
        case 3: return .int16(try field.integer())
        case 4: return .uint16(try field.integer())
        case 5: return .int32(try field.integer())
        case 6: return .uint32(try field.integer())
        case 7: return .int64(try field.integer())
        case 8: return .uint64(try field.integer())
        case 9: return .string(try field.text(bytes))
        case 10, 11:
            let kind = try field.integer(UInt8.self)
            let target = try field.text(UnsafeRawBufferPointer(rebasing: bytes.dropFirst()))
            return primitive == 10 ? .dependency(kind: kind, target: target) : .provider(kind: kind, target: target)
        default: return .opaque(primitive: primitive, bytes: Array(bytes))
        }
    }
}

// MARK: - Encoding

extension MetaRecord {
    /// The plain bytes of a Meta payload with these records.
    package static func encode(_ records: [MetaRecord]) throws(StoneError) -> [UInt8] {
        var plain: [UInt8] = []
        for (position, record) in records.enumerated() {
            do throws(StoneError) {
                try record.append(to: &plain)
            } catch {
                throw StoneError(error.code, payload: .meta, record: position, error.message)
            }
        }
        return plain
    }

    private func append(to plain: inout [UInt8]) throws(StoneError) {
        switch value {
        case .int8(let number): append(1, number, to: &plain)
        case .uint8(let number): append(2, number, to: &plain)
        case .int16(let number): append(3, number, to: &plain)
        case .uint16(let number): append(4, number, to: &plain)
        case .int32(let number): append(5, number, to: &plain)
        case .uint32(let number): append(6, number, to: &plain)
        case .int64(let number): append(7, number, to: &plain)
        case .uint64(let number): append(8, number, to: &plain)
        case .string(let text): try append(9, [], text, to: &plain)
        case .dependency(let kind, let target): try append(10, [kind], target, to: &plain)
        case .provider(let kind, let target): try append(11, [kind], target, to: &plain)
        case .opaque(let primitive, let bytes):
            try appendHead(primitive, length: bytes.count, to: &plain)
            plain += bytes
        }
    }

    private func append(_ primitive: UInt8, _ number: some FixedWidthInteger, to plain: inout [UInt8]) {
        plain.append(bigEndian: UInt32(number.bitWidth / 8))
        plain.append(bigEndian: tag.rawValue)
        plain.append(primitive)
        plain.append(0)
        plain.append(bigEndian: number)
    }

    private func append(
        _ primitive: UInt8, _ prefix: [UInt8], _ text: String, to plain: inout [UInt8]
    ) throws(StoneError) {
        guard !text.utf8.contains(0) else {
            throw StoneError(.invalidText, "\(tag.name) holds a NUL: \(quoted(text.utf8))")
        }
        try appendHead(primitive, length: prefix.count + text.utf8.count + 1, to: &plain)
        plain += prefix
        plain += text.utf8
        plain.append(0)
    }

    private func appendHead(_ primitive: UInt8, length: Int, to plain: inout [UInt8]) throws(StoneError) {
        guard let length = UInt32(exactly: length) else {
            throw StoneError(.formatLimit, "\(tag.name) has \(length) bytes, more than a record can hold")
        }
        plain.append(bigEndian: length)
        plain.append(bigEndian: tag.rawValue)
        plain.append(primitive)
        plain.append(0)
    }
}
