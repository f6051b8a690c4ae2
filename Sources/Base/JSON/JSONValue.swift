/// JSON texts: encodable values out, in a form that never changes, and a strict, bounded reader in.
package enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    /// As it is written, since no type of number holds all that a text can say.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
}

extension JSONValue {
    package var isNull: Bool { self == .null }

    /// The text of a string.
    /// - Throws: ``JSONError/Code/unexpected`` for anything else.
    package func string() throws(JSONError) -> String {
        guard case .string(let text) = self else { throw JSONError(.unexpected, "a string was expected") }
        return text
    }

    /// The members of an object.
    /// - Throws: ``JSONError/Code/unexpected`` for anything else.
    package func members() throws(JSONError) -> [String: JSONValue] {
        guard case .object(let members) = self else { throw JSONError(.unexpected, "an object was expected") }
        return members
    }

    /// The member of an object with this name; nil where there is none, or it is null.
    /// - Throws: ``JSONError/Code/unexpected`` where this is no object.
    package func member(_ name: String) throws(JSONError) -> JSONValue? {
        guard let member = try members()[name], !member.isNull else { return nil }
        return member
    }
}
