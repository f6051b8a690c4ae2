import Digests
package import PackageModel

extension PackageMetadata {
    /// Reads a package's metadata from the records of one Meta payload.
    ///
    /// Scalars come from the first record with their tag and a fitting primitive, numbers from any integer primitive.
    /// Lists are kept in the order they have, of the kind their tag says; capabilities of a kind nobody knows are
    /// dropped, as are unknown tags.
    /// - Parameter offset: where the payload stands in its file, for errors.
    /// - Throws: `missingTag` without one of the nine mandatory records, `invalidText` for a name, version or
    ///   architecture that could not be part of a file name, or a hash that is none.
    package init(records: [MetaRecord], at offset: UInt64 = 0) throws(StoneError) {
        let fields = MetaFields(records: records, offset: offset)
        self.init(
            name: try fields.fileNamePart(.name), version: try fields.fileNamePart(.version),
            release: try fields.mandatoryNumber(.release), buildRelease: try fields.mandatoryNumber(.buildRelease),
            architecture: try fields.fileNamePart(.architecture), summary: try fields.mandatoryText(.summary),
            description: try fields.mandatoryText(.description), homepage: try fields.mandatoryText(.homepage),
            sourceID: try fields.mandatoryText(.sourceID))
        guard !name.isEmpty else { throw fields.error(.invalidText, "the package's name is empty") }
        for record in records { append(record) }
        uri = fields.text(.packageURI)
        downloadSize = try fields.number(.packageSize)
        if let text = fields.text(.packageHash) {
            guard let hash = PackageID(hexadecimal: text) else {
                throw fields.error(.invalidText, "\(quoted(text.utf8)) is no SHA-256 in lower-case hexadecimal")
            }
            self.hash = hash
        }
        // One that cannot be read is none: the stone comes whole then.
        head = fields.text(.stoneHead).flatMap { StoneHead(text: $0) }
    }

    private mutating func append(_ record: MetaRecord) {
        switch (record.tag, record.value) {
        case (.license, .string(let text)): licenses.append(text)
        case (.depends, .dependency(let kind, let target)): Self.append(kind, target, to: &dependencies)
        case (.provides, .provider(let kind, let target)): Self.append(kind, target, to: &providers)
        case (.conflicts, .provider(let kind, let target)): Self.append(kind, target, to: &conflicts)
        case (.buildDepends, .dependency(let kind, let target)): Self.append(kind, target, to: &buildDependencies)
        default: break
        }
    }

    private static func append(_ kind: UInt8, _ target: String, to list: inout [Capability]) {
        guard let kind = CapabilityKind(rawValue: kind) else { return }
        list.append(Capability(kind, target))
    }

    /// The records of a Meta payload in their canonical order: scalars, then licences and capabilities.
    ///
    /// Capabilities are sorted and unique, licences and build dependencies sorted; the provider that a package's own
    /// name is goes unwritten, since every reader adds it.
    package var records: [MetaRecord] {
        var records = [
            MetaRecord(.name, .string(name)), MetaRecord(.version, .string(version)),
            MetaRecord(.release, .uint64(release)), MetaRecord(.buildRelease, .uint64(buildRelease)),
            MetaRecord(.architecture, .string(architecture)), MetaRecord(.summary, .string(summary)),
            MetaRecord(.description, .string(description)), MetaRecord(.sourceID, .string(sourceID)),
            MetaRecord(.homepage, .string(homepage)),
        ]
        if let uri { records.append(MetaRecord(.packageURI, .string(uri))) }
        if let hash { records.append(MetaRecord(.packageHash, .string(hash.hexadecimal))) }
        if let downloadSize { records.append(MetaRecord(.packageSize, .uint64(downloadSize))) }
        if let head { records.append(MetaRecord(.stoneHead, .string(head.text))) }
        for license in licenses.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            records.append(MetaRecord(.license, .string(license)))
        }
        for capability in canonical(dependencies) {
            records.append(
                MetaRecord(.depends, .dependency(kind: capability.kind.rawValue, target: capability.target)))
        }
        for capability in canonical(providers.filter { $0 != Capability(.name, name) }) {
            records.append(MetaRecord(.provides, .provider(kind: capability.kind.rawValue, target: capability.target)))
        }
        for capability in canonical(conflicts) {
            records.append(MetaRecord(.conflicts, .provider(kind: capability.kind.rawValue, target: capability.target)))
        }
        for capability in buildDependencies.sorted(by: { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }) {
            records.append(
                MetaRecord(.buildDepends, .dependency(kind: capability.kind.rawValue, target: capability.target)))
        }
        return records
    }
}

extension PackageMetadata {
    /// About what its records have, without making them.
    package var recordTotals: RecordTotals {
        var totals = RecordTotals()
        func count(_ text: String) {
            totals += RecordTotals(size: UInt64(MetaRecord.headByteCount + 2 + text.utf8.count), records: 1)
        }
        for text in [name, version, architecture, summary, description, homepage, sourceID] + licenses { count(text) }
        for list in [dependencies, providers, conflicts, buildDependencies] {
            for capability in list { count(capability.target) }
        }
        return totals
    }
}

/// `list` sorted, without repetitions. Compares bytes, since `==` of strings would take some for others.
private func canonical(_ list: [Capability]) -> [Capability] {
    var unique: [Capability] = []
    unique.reserveCapacity(list.count)
    for capability in list.sorted() {
        if let last = unique.last, !(last < capability) { continue }
        unique.append(capability)
    }
    return unique
}

/// Looks scalars up among metadata records: the first with the tag and a fitting primitive.
private struct MetaFields {
    let records: [MetaRecord]
    let offset: UInt64

    func error(_ code: StoneError.Code, _ message: String) -> StoneError {
        StoneError(code, at: offset, payload: .meta, message)
    }

    func text(_ tag: MetaTag) -> String? {
        for record in records where record.tag == tag {
            if case .string(let text) = record.value { return text }
        }
        return nil
    }

    func number(_ tag: MetaTag) throws(StoneError) -> UInt64? {
        for record in records where record.tag == tag {
            guard let number = record.value.integer else { continue }
            guard let unsigned = UInt64(exactly: number) else {
                throw error(.malformedRecord, "\(tag.name) is negative")
            }
            return unsigned
        }
        return nil
    }

    func mandatoryText(_ tag: MetaTag) throws(StoneError) -> String {
        guard let text = text(tag) else { throw error(.missingTag, "the package has no \(tag.name)") }
        return text
    }

    func mandatoryNumber(_ tag: MetaTag) throws(StoneError) -> UInt64 {
        guard let number = try number(tag) else { throw error(.missingTag, "the package has no \(tag.name)") }
        return number
    }

    /// A text that becomes part of file names, so it must not leave a directory or disturb a terminal.
    func fileNamePart(_ tag: MetaTag) throws(StoneError) -> String {
        let text = try mandatoryText(tag)
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "/") && $0 != 0x7f }), text != ".", text != ".."
        else { throw error(.invalidText, "\(quoted(text.utf8)) cannot be a package's \(tag.name)") }
        return text
    }
}

extension MetaRecord.Value {
    /// The number of an integer primitive.
    fileprivate var integer: Int128? {
        switch self {
        case .int8(let number): Int128(number)
        case .uint8(let number): Int128(number)
        case .int16(let number): Int128(number)
        case .uint16(let number): Int128(number)
        case .int32(let number): Int128(number)
        case .uint32(let number): Int128(number)
        case .int64(let number): Int128(number)
        case .uint64(let number): Int128(number)
        default: nil
        }
    }
}
