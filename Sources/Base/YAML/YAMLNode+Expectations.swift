/// What a reader of values wants there, or an error at the value's place with the sentence the reader gives.
extension YAMLNode {
    package func scalar(or complaint: @autoclosure () -> String) throws(YAMLError) -> YAMLScalar {
        guard case .scalar(let scalar) = content else { throw unexpected(complaint()) }
        return scalar
    }

    /// The text of a scalar of any style.
    package func text(or complaint: @autoclosure () -> String) throws(YAMLError) -> String {
        try scalar(or: complaint()).text
    }

    package func sequence(or complaint: @autoclosure () -> String) throws(YAMLError) -> [YAMLNode] {
        guard case .sequence(let nodes) = content else { throw unexpected(complaint()) }
        return nodes
    }

    package func mapping(or complaint: @autoclosure () -> String) throws(YAMLError) -> YAMLMapping {
        guard case .mapping(let mapping) = content else { throw unexpected(complaint()) }
        return mapping
    }

    /// A whole number in decimal digits, with a sign or without, that fits `Number`.
    package func integer<Number: FixedWidthInteger>(
        _ type: Number.Type = Number.self, or complaint: @autoclosure () -> String
    ) throws(YAMLError) -> Number {
        guard let number = Number(try text(or: complaint())) else { throw unexpected(complaint()) }
        return number
    }

    /// Exactly `true` or `false`: the other words that YAML 1.1 knows for it surprise people.
    package func boolean(or complaint: @autoclosure () -> String) throws(YAMLError) -> Bool {
        guard let value = Bool(try text(or: complaint())) else { throw unexpected(complaint()) }
        return value
    }

    /// An error about this value.
    package func unexpected(_ message: String) -> YAMLError {
        YAMLError(.unexpected, mark, message)
    }
}

extension YAMLMapping.Pair {
    /// An error about the key.
    package func unexpectedKey(_ message: String) -> YAMLError {
        YAMLError(.unexpected, keyMark, message)
    }
}
