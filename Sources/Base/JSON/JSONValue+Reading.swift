extension JSONValue {
    /// Reads one JSON text.
    ///
    /// Strict: RFC 8259 and nothing besides, but for a byte order mark, which it lets readers skip. Strings with half a
    /// surrogate pair are refused, since no text can hold them. Never crashes, whatever the bytes are.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8.
    ///   - depthMax: arrays and objects in each other; reading and releasing the value calls itself as often.
    package static func read(
        _ bytes: [UInt8], byteCountMax: Int = 16 << 20, depthMax: Int = 128
    ) throws(JSONError) -> JSONValue {
        guard bytes.count <= byteCountMax else {
            throw JSONError(.tooLarge, "the text has more than \(byteCountMax) bytes")
        }
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw JSONError(.notUTF8, at: error.byteOffsets.lowerBound, "the text is not UTF-8")
        }
        var reader = JSONReader(bytes, depthMax: depthMax)
        return try reader.readText()
    }
}
