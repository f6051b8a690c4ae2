internal import JSON

/// The members of one object of a document, each asked for once and taken for nothing but what it should be.
struct Fields {
    private let members: [String: JSONValue]
    /// In front of the members' names in messages, as in `index.`.
    private let place: String

    init(_ value: JSONValue, at place: String = "") throws(Malformed) {
        guard case .object(let members) = value else {
            throw Malformed("\(place.isEmpty ? "it" : place) is no object")
        }
        self.members = members
        self.place = place.isEmpty ? "" : place + "."
    }

    init(reading bytes: [UInt8], byteCountMax: Int) throws(Malformed) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.read(bytes, byteCountMax: byteCountMax, depthMax: 16)
        } catch {
            throw Malformed(error.code == .tooLarge ? .endlessData : .malformed, error.description)
        }
        try self.init(value)
    }

    func wrong(_ name: String, _ what: String) -> Malformed { Malformed("\(place)\(name) \(what)") }

    private func required(_ name: String) throws(Malformed) -> JSONValue {
        guard let value = members[name] else { throw wrong(name, "is missing") }
        return value
    }

    func has(_ name: String) -> Bool { members[name] != nil }

    func text(_ name: String, byteCountMax: Int) throws(Malformed) -> String {
        guard case .string(let text) = try required(name) else { throw wrong(name, "is no text") }
        guard text.utf8.count <= byteCountMax else { throw wrong(name, "has more than \(byteCountMax) bytes") }
        return text
    }

    /// A whole number that is not negative.
    func number(_ name: String, upTo most: UInt64 = TrustLimits.numberMax) throws(Malformed) -> UInt64 {
        guard case .number(let text) = try required(name), let value = UInt64(text) else {
            throw wrong(name, "is no whole number")
        }
        guard value <= most else { throw wrong(name, "is larger than \(most)") }
        return value
    }

    func list(_ name: String, countMax: Int) throws(Malformed) -> [JSONValue] {
        guard case .array(let elements) = try required(name) else { throw wrong(name, "is no list") }
        guard elements.count <= countMax else { throw wrong(name, "has more than \(countMax) elements") }
        return elements
    }

    func object(_ name: String) throws(Malformed) -> Fields {
        try Fields(required(name), at: place + name)
    }

    /// Refuses members of other names.
    func expectOnly(_ names: Set<String>) throws(Malformed) {
        if let other = members.keys.filter({ !names.contains($0) }).min() { throw wrong(other, "is not known here") }
    }
}

/// Names that can stand in a path and in a message as they are.
enum PlainName {
    static let byteCountMax = 64

    /// 1 to 64 ASCII letters, digits, "-" and "_", not starting with "-".
    static func isValid(_ name: String) -> Bool {
        (1...byteCountMax).contains(name.utf8.count) && name.utf8.first != UInt8(ascii: "-")
            && name.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }

    static let rule = "1 to 64 letters, digits, \"-\" and \"_\", not starting with \"-\""

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
}
