internal import JSON

extension RootIndex {
    /// Reads `moss-root-index.json`.
    ///
    /// Strict about what it needs: all four parts, `formats.v0` and every identifier. Formats besides v0 and keys that
    /// nobody knows are passed over, since servers may be newer.
    package static func read(_ bytes: [UInt8]) throws(RootIndexError) -> RootIndex {
        do throws(JSONError) {
            let root = try JSONValue.read(bytes, depthMax: 32)
            let formats = try root.part("formats")
            let current = try formats.part("v0", of: "formats")
            var upgradeVia: ScopedIdentifier?
            if let text = try current.text("upgrade_via", of: "formats.v0") {
                guard let version = ScopedIdentifier(text) else {
                    throw unexpected("formats.v0.upgrade_via: \"\(text)\" is none of stream/X, tag/X and history/X")
                }
                upgradeVia = version
            }
            return RootIndex(
                upgradeVia: upgradeVia, streams: try pointers("streams", in: root),
                tags: try pointers("tags", in: root),
                history: try entries("history", in: root) { (value, place) throws(JSONError) in
                    try format(of: value, place)
                })
        } catch {
            throw RootIndexError(.malformed, "this is no root index: \(error)")
        }
    }

    private static func pointers(
        _ name: String, in root: JSONValue
    ) throws(JSONError) -> [IndexIdentifier: Pointer] {
        try entries(name, in: root) { (value, place) throws(JSONError) in
            guard let history = try identifier("history", of: value, place) else {
                throw unexpected("\(place) has no history")
            }
            return Pointer(
                format: try format(of: value, place), history: history, tag: try identifier("tag", of: value, place))
        }
    }

    /// The members of a part, each by its identifier.
    private static func entries<Entry>(
        _ name: String, in root: JSONValue, _ read: (JSONValue, String) throws(JSONError) -> Entry
    ) throws(JSONError) -> [IndexIdentifier: Entry] {
        var entries: [IndexIdentifier: Entry] = [:]
        // In one order, so that of several faults the same one is told each time.
        for (key, value) in try root.part(name).members().sorted(by: { $0.key < $1.key }) {
            guard let identifier = IndexIdentifier(key) else {
                throw unexpected("\(name): \"\(key)\" is no identifier")
            }
            let place = "\(name).\(key)"
            guard case .object = value else { throw unexpected("\(place) is no object") }
            entries[identifier] = try read(value, place)
        }
        return entries
    }

    private static func format(of value: JSONValue, _ place: String) throws(JSONError) -> Format {
        guard let word = try value.text("format", of: place) else { throw unexpected("\(place) has no format") }
        return Format(word)
    }

    private static func identifier(
        _ name: String, of value: JSONValue, _ place: String
    ) throws(JSONError) -> IndexIdentifier? {
        guard let text = try value.text(name, of: place) else { return nil }
        guard let identifier = IndexIdentifier(text) else {
            throw unexpected("\(place).\(name): \"\(text)\" is no identifier")
        }
        return identifier
    }

    private static func unexpected(_ message: String) -> JSONError { JSONError(.unexpected, message) }
}

extension JSONValue {
    /// An object that has to be there.
    fileprivate func part(_ name: String, of place: String = "") throws(JSONError) -> JSONValue {
        let subject = place.isEmpty ? name : "\(place).\(name)"
        guard case .object(let members) = self else { throw JSONError(.unexpected, "an object was expected") }
        guard let part = members[name] else { throw JSONError(.unexpected, "\(subject) is missing") }
        guard case .object = part else { throw JSONError(.unexpected, "\(subject) is no object") }
        return part
    }

    /// A text that may be missing, or null.
    fileprivate func text(_ name: String, of place: String) throws(JSONError) -> String? {
        guard let value = try member(name) else { return nil }
        guard case .string(let text) = value else { throw JSONError(.unexpected, "\(place).\(name) is no text") }
        return text
    }
}
