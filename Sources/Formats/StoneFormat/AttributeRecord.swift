/// One record of an Attributes payload: key length and value length (u64 each), key, value. No known tool writes any.
package struct AttributeRecord: Hashable, Sendable {
    package var key: [UInt8]
    package var value: [UInt8]

    package init(key: [UInt8], value: [UInt8]) {
        self.key = key
        self.value = value
    }

    /// Reads `count` records that make up all of `plain`.
    package static func decode(
        _ plain: UnsafeRawBufferPointer, count: UInt32, at offset: UInt64
    ) throws(StoneError) -> [AttributeRecord] {
        var parser = RecordParser(plain, kind: .attributes, offset: offset)
        let count = try parser.check(count: count, sizeMin: 16)
        var records: [AttributeRecord] = []
        records.reserveCapacity(count)
        for record in 0..<count {
            parser.record = record
            let keyLength = try parser.integer(UInt64.self)
            let valueLength = try parser.integer(UInt64.self)
            let key = Array(try parser.slice(keyLength))
            records.append(AttributeRecord(key: key, value: Array(try parser.slice(valueLength))))
        }
        try parser.finish()
        return records
    }

    /// The plain bytes of an Attributes payload with these records.
    package static func encode(_ records: [AttributeRecord]) -> [UInt8] {
        var plain: [UInt8] = []
        for record in records {
            plain.append(bigEndian: UInt64(record.key.count))
            plain.append(bigEndian: UInt64(record.value.count))
            plain += record.key
            plain += record.value
        }
        return plain
    }
}
