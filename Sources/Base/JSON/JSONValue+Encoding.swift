extension JSONValue {
    /// What an encodable value looks like as JSON.
    ///
    /// Dates, bytes and addresses have no form of their own here; they become what their types encode.
    ///
    /// - Throws: `EncodingError` for numbers that are not finite and for values that encode nothing, and what the
    ///   value itself throws.
    package init(encoding value: some Encodable, keys: JSONKeyNames = .unchanged) throws {
        let encoder = JSONTreeEncoder(keys: keys, codingPath: [])
        try encoder.encode(value)
        guard let result = encoder.node.value else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: [], debugDescription: "\(type(of: value)) did not encode any values."))
        }
        self = result
    }
}
