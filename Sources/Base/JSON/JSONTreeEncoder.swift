/// What encoders share while a value is taken apart: containers are values, and several may add to one array or object.
final class JSONNode {
    enum Content {
        case nothing
        case leaf(JSONValue)
        case array([JSONNode])
        case object([String: JSONNode])
    }

    var content = Content.nothing

    /// nil where nothing was encoded. What encodes nothing inside of others is an empty object.
    var value: JSONValue? {
        switch content {
        case .nothing: nil
        case .leaf(let value): value
        case .array(let nodes): .array(nodes.map { $0.value ?? .object([:]) })
        case .object(let nodes): .object(nodes.mapValues { $0.value ?? .object([:]) })
        }
    }

    func becomeArray() {
        switch content {
        case .array: return
        case .nothing: content = .array([])
        case .leaf, .object: preconditionFailure("a value encodes itself as an array and as something else")
        }
    }

    func becomeObject() {
        switch content {
        case .object: return
        case .nothing: content = .object([:])
        case .leaf, .array: preconditionFailure("a value encodes itself as an object and as something else")
        }
    }

    func append(_ node: JSONNode) {
        guard case .array(var nodes) = content else { preconditionFailure("a node is not the array it was made") }
        // Given back below: two owners would make each step copy the array.
        content = .nothing
        nodes.append(node)
        content = .array(nodes)
    }

    func set(_ node: JSONNode, _ name: String) {
        guard case .object(var nodes) = content else { preconditionFailure("a node is not the object it was made") }
        content = .nothing
        nodes[name] = node
        content = .object(nodes)
    }

    func child(_ name: String) -> JSONNode? {
        guard case .object(let nodes) = content else { return nil }
        return nodes[name]
    }
}

/// Encodes one value into one node.
struct JSONTreeEncoder: Encoder {
    let keys: JSONKeyNames
    let codingPath: [any CodingKey]
    let node: JSONNode

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(keys: JSONKeyNames, codingPath: [any CodingKey], node: JSONNode = JSONNode()) {
        self.keys = keys
        self.codingPath = codingPath
        self.node = node
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        node.becomeObject()
        return KeyedEncodingContainer(JSONKeyedContainer(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        node.becomeArray()
        return JSONUnkeyedContainer(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    /// An encoder for what stands at `key` in this one's value.
    func nested(_ key: any CodingKey, node: JSONNode = JSONNode()) -> JSONTreeEncoder {
        JSONTreeEncoder(keys: keys, codingPath: codingPath + [key], node: node)
    }
}

extension JSONTreeEncoder: SingleValueEncodingContainer {
    func encodeNil() { node.content = .leaf(.null) }

    /// Serves every type, the simple ones included.
    func encode<Value: Encodable>(_ value: Value) throws {
        if let leaf = value as? any JSONLeaf {
            guard let text = leaf.jsonValue else {
                throw EncodingError.invalidValue(
                    value, .init(codingPath: codingPath, debugDescription: "JSON has no number for \(value)."))
            }
            node.content = .leaf(text)
        } else if let dictionary = value as? any JSONDictionary {
            node.becomeObject()
            for (name, value) in dictionary.jsonMembers {
                let member = nested(JSONKey(stringValue: name))
                try member.encode(value)
                node.set(member.node, name)
            }
        } else {
            try value.encode(to: self)
        }
    }
}

/// A key that is known by its text or its place only.
struct JSONKey: CodingKey {
    var stringValue: String
    var intValue: Int?

    init(stringValue: String) { self.stringValue = stringValue }

    init(intValue: Int) {
        stringValue = "Index \(intValue)"
        self.intValue = intValue
    }
}
