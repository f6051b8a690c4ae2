/// What a signed document is.
package enum DocumentType: String, CaseIterable, Hashable, Sendable {
    case collection = "moss-collection"
    case keys = "moss-keys"

    /// What is signed: the type with its version, a line end, and the payload. A signature of one type is none of another,
    /// whatever the payloads are.
    func signedBytes(_ payload: [UInt8]) -> [UInt8] {
        Array("\(rawValue)-v1\n".utf8) + payload
    }

    /// For people.
    package var name: String {
        switch self {
        case .collection: "the manifest"
        case .keys: "the set of keys"
        }
    }
}
