struct JSONKeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: JSONTreeEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }

    private func set(_ node: JSONNode, _ key: any CodingKey) {
        encoder.node.set(node, encoder.keys.name(key))
    }

    func encodeNil(forKey key: Key) {
        let member = encoder.nested(key)
        member.encodeNil()
        set(member.node, key)
    }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        let member = encoder.nested(key)
        try member.encode(value)
        set(member.node, key)
    }

    /// What stands at `key` already, for those who ask for the same container twice.
    private func nestedEncoder(_ key: Key) -> JSONTreeEncoder {
        let member = encoder.nested(key, node: encoder.node.child(encoder.keys.name(key)) ?? JSONNode())
        set(member.node, key)
        return member
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        nestedEncoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        nestedEncoder(key).unkeyedContainer()
    }

    private func superEncoder(_ key: any CodingKey) -> any Encoder {
        let member = encoder.nested(key)
        set(member.node, key)
        return member
    }

    func superEncoder() -> any Encoder { superEncoder(JSONKey(stringValue: "super")) }

    func superEncoder(forKey key: Key) -> any Encoder { superEncoder(key as any CodingKey) }
}

struct JSONUnkeyedContainer: UnkeyedEncodingContainer {
    let encoder: JSONTreeEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }

    var count: Int {
        guard case .array(let nodes) = encoder.node.content else { return 0 }
        return nodes.count
    }

    private func nestedEncoder() -> JSONTreeEncoder {
        let element = encoder.nested(JSONKey(intValue: count))
        encoder.node.append(element.node)
        return element
    }

    func encodeNil() {
        nestedEncoder().encodeNil()
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        let element = encoder.nested(JSONKey(intValue: count))
        try element.encode(value)
        encoder.node.append(element.node)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        nestedEncoder().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        nestedEncoder().unkeyedContainer()
    }

    func superEncoder() -> any Encoder { nestedEncoder() }
}
