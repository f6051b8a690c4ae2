extension JSONValue {
    /// The value as JSON: names in the order of their bytes, slashes as they are, controls below 0x20 and nothing else escaped.
    ///
    /// - Parameter isPretty: a line per element and member, two spaces for each level; else all in one line.
    package func text(isPretty: Bool = false) -> [UInt8] {
        var writer = JSONWriter(isPretty: isPretty)
        writer.write(self)
        return writer.bytes
    }
}
