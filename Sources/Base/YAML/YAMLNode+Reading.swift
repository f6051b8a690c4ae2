extension YAMLNode {
    /// Reads the only document of a text.
    ///
    /// Never crashes and never takes more than the limits allow, whatever the bytes are: aliases share what they repeat,
    /// and what it would be without sharing is counted.
    ///
    /// - Parameter bytes: UTF-8, with a byte order mark or without.
    /// - Returns: nil where there is no document: nothing at all, or comments only.
    package static func read(
        _ bytes: [UInt8], limits: YAMLLimits = .default
    ) throws(YAMLError) -> YAMLNode? {
        guard bytes.count <= limits.byteCountMax else {
            let start = YAMLMark(line: 1, column: 1)
            throw YAMLError(.tooLarge, start, "the text has more than \(limits.byteCountMax) bytes")
        }
        // libyaml would count a byte order mark as a column, and so as indentation.
        let text = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
        guard !text.isEmpty else { return nil }
        return try text.withUnsafeBufferPointer { (buffer) throws(YAMLError) in
            do throws(UTF8.ValidationError) {
                _ = try UTF8Span(validating: buffer.span)
            } catch {
                let mark = YAMLMark(ofByte: error.byteOffsets.lowerBound, in: buffer)
                throw YAMLError(.notUTF8, mark, "the text is not UTF-8")
            }
            var events = try EventStream(buffer)
            var composer = Composer(limits: limits)
            return try composer.compose(&events)
        }
    }
}
