/// Values that JSON says in one word.
protocol JSONLeaf: Encodable {
    /// nil for numbers that JSON does not know: not-a-number and the infinities.
    var jsonValue: JSONValue? { get }
}

extension Bool: JSONLeaf {
    var jsonValue: JSONValue? { .boolean(self) }
}

extension String: JSONLeaf {
    var jsonValue: JSONValue? { .string(self) }
}

extension JSONLeaf where Self: FixedWidthInteger {
    var jsonValue: JSONValue? { .number(String(self)) }
}

extension Int: JSONLeaf {}
extension Int8: JSONLeaf {}
extension Int16: JSONLeaf {}
extension Int32: JSONLeaf {}
extension Int64: JSONLeaf {}
extension Int128: JSONLeaf {}
extension UInt: JSONLeaf {}
extension UInt8: JSONLeaf {}
extension UInt16: JSONLeaf {}
extension UInt32: JSONLeaf {}
extension UInt64: JSONLeaf {}
extension UInt128: JSONLeaf {}

extension JSONLeaf where Self: BinaryFloatingPoint & LosslessStringConvertible {
    /// The shortest text that reads back as the same number; whole numbers without a fraction.
    var jsonValue: JSONValue? {
        guard isFinite else { return nil }
        let text = String(self)
        return .number(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
    }
}

extension Double: JSONLeaf {}
extension Float: JSONLeaf {}

/// Dictionaries by text, whose keys no naming touches.
protocol JSONDictionary {
    var jsonMembers: [(name: String, value: any Encodable)] { get }
}

extension Dictionary: JSONDictionary where Key == String, Value: Encodable {
    var jsonMembers: [(name: String, value: any Encodable)] { map { ($0.key, $0.value) } }
}
