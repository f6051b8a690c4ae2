/// Nodes from events, with a stack of its own: the depth of the text is not the depth of calls.
struct Composer {
    /// What a node would be if aliases were written out.
    private struct Size {
        var nodes = 1
        var bytes = 0
        /// Lists and maps in each other, itself included.
        var height = 0

        mutating func contain(_ other: Size) {
            // Cannot overflow: each is at most its limit.
            nodes += other.nodes
            bytes += other.bytes
            height = max(height, other.height + 1)
        }
    }

    private struct Composed {
        var node: YAMLNode
        var size: Size
    }

    /// A list or map that has not ended yet.
    private struct Open {
        var start: EventStream.Event
        var isMapping: Bool
        var size = Size(height: 1)
        var items: [YAMLNode] = []
        var pairs: [YAMLMapping.Pair] = []
        /// The key whose value comes next.
        var key: (scalar: YAMLScalar, mark: YAMLMark)?
        /// As bytes, since `String` takes different ones for the same.
        var keys: Set<[UInt8]> = []
        var duplicates: [(text: String, mark: YAMLMark)] = []
    }

    private let limits: YAMLLimits
    private var open: [Open] = []
    private var anchors: [String: Composed] = [:]
    /// Of all that came so far.
    private var total = Size(nodes: 0)
    private var root: YAMLNode?

    init(limits: YAMLLimits) {
        self.limits = limits
    }

    /// The only document's root; nil where there is no document.
    mutating func compose(_ events: inout EventStream) throws(YAMLError) -> YAMLNode? {
        var documentCount = 0
        while true {
            let event = try events.next()
            switch event.kind {
            case .streamStart, .documentEnd: continue
            case .streamEnd: return root
            case .documentStart:
                documentCount += 1
                guard documentCount == 1 else {
                    throw YAMLError(.severalDocuments, event.mark, "a second document begins here; one may")
                }
            case .alias(let name):
                guard let original = anchors[name] else {
                    throw YAMLError(.unknownAnchor, event.mark, "there is no anchor \"\(name)\" before this alias")
                }
                // Counted before it is put anywhere.
                try count(original.size, at: event.mark)
                try put(original, at: event.mark)
            case .scalar(let scalar):
                let composed = Composed(
                    node: YAMLNode(.scalar(scalar), at: event.mark, tag: event.tag),
                    size: Size(bytes: scalar.text.utf8.count))
                try count(composed.size, at: event.mark)
                try finish(composed, event)
            case .sequenceStart, .mappingStart:
                if let parent = open.last, parent.isMapping, parent.key == nil { throw compositeKey(event.mark) }
                try count(Size(height: 1), at: event.mark)
                var isMapping = false
                if case .mappingStart = event.kind { isMapping = true }
                open.append(Open(start: event, isMapping: isMapping))
            case .sequenceEnd, .mappingEnd:
                guard let ended = open.popLast() else { continue }
                try finish(try close(ended), ended.start)
            }
        }
    }

    /// Adds to what came so far, of which only the two sums are bounded, and checks the depth at this place.
    private mutating func count(_ size: Size, at mark: YAMLMark) throws(YAMLError) {
        guard open.count + size.height <= limits.depthMax else {
            throw YAMLError(.tooDeep, mark, "lists and maps are more than \(limits.depthMax) deep")
        }
        total.nodes += size.nodes
        total.bytes += size.bytes
        guard total.nodes <= limits.nodeCountMax else {
            throw YAMLError(.tooLarge, mark, "the text has more than \(limits.nodeCountMax) values")
        }
        guard total.bytes <= limits.textByteCountMax else {
            throw YAMLError(.tooLarge, mark, "the values have more than \(limits.textByteCountMax) bytes")
        }
    }

    private func close(_ ended: Open) throws(YAMLError) -> Composed {
        if let first = ended.duplicates.first {
            let names = Set(ended.duplicates.map(\.text)).sorted().joined(separator: ", ")
            throw YAMLError(.duplicateKeys, first.mark, "these keys come twice: \(names)")
        }
        let content: YAMLNode.Content =
            ended.isMapping ? .mapping(YAMLMapping(ended.pairs)) : .sequence(ended.items)
        return Composed(node: YAMLNode(content, at: ended.start.mark, tag: ended.start.tag), size: ended.size)
    }

    /// An anchor is known from its value's end on, so that no value can contain itself.
    private mutating func finish(_ composed: Composed, _ event: EventStream.Event) throws(YAMLError) {
        if let anchor = event.anchor { anchors[anchor] = composed }
        try put(composed, at: event.mark)
    }

    /// Gives a complete node to the list or map that is open.
    private mutating func put(_ composed: Composed, at mark: YAMLMark) throws(YAMLError) {
        let last = open.count - 1
        guard last >= 0 else {
            root = composed.node
            return
        }
        open[last].size.contain(composed.size)
        if !open[last].isMapping {
            open[last].items.append(composed.node)
        } else if let key = open[last].key {
            open[last].pairs.append(.init(key: key.scalar, keyMark: key.mark, value: composed.node))
            open[last].key = nil
        } else {
            guard case .scalar(let scalar) = composed.node.content else { throw compositeKey(mark) }
            open[last].key = (scalar, mark)
            if !open[last].keys.insert(Array(scalar.text.utf8)).inserted {
                open[last].duplicates.append((scalar.text, mark))
            }
        }
    }

    private func compositeKey(_ mark: YAMLMark) -> YAMLError {
        YAMLError(.compositeKey, mark, "a key has to be one value, not a list or a map")
    }
}
