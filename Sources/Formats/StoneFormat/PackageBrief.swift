/// The few fields that lists show of a package, read without decoding the others.
package struct PackageBrief: Hashable, Sendable {
    package let name: String
    package let version: String
    package let release: UInt64
    package let summary: String

    /// `VERSION-RELEASE`, as lists show it.
    package var versionText: String { "\(version)-\(release)" }

    /// Reads the plain bytes of a Meta payload as far as needed; in canonical order that is six records.
    ///
    /// What is read has been checked like in ``PackageMetadata``, what is not has not.
    package init(plain: UnsafeRawBufferPointer, count: UInt32) throws(StoneError) {
        var parser = RecordParser(plain, kind: .meta, offset: 0)
        var (name, version, summary): (String?, String?, String?)
        var release: UInt64?
        var record = 0
        while record < Int(count), name == nil || version == nil || summary == nil || release == nil {
            parser.record = record
            let next = try MetaRecord.Head(&parser)
            switch next.tag {
            case .name where name == nil: name = try next.text(parser)
            case .version where version == nil: version = try next.text(parser)
            case .summary where summary == nil: summary = try next.text(parser)
            case .release where release == nil: release = next.number
            default: break
            }
            record += 1
        }
        guard let name, let version, let summary, let release else {
            throw parser.error(.missingTag, "the metadata lack a name, version, release or summary")
        }
        self.name = name
        self.version = version
        self.release = release
        self.summary = summary
    }
}

extension MetaRecord {
    /// A record whose value is not decoded yet.
    fileprivate struct Head {
        let tag: MetaTag
        private let primitive: UInt8
        private let bytes: UnsafeRawBufferPointer

        init(_ parser: inout RecordParser) throws(StoneError) {
            let length = try parser.integer(UInt32.self)
            tag = MetaTag(rawValue: try parser.integer())
            primitive = try parser.integer()
            _ = try parser.integer(UInt8.self)
            bytes = try parser.slice(UInt64(length))
        }

        /// nil for a value of another kind.
        func text(_ parser: RecordParser) throws(StoneError) -> String? {
            primitive == 9 ? try parser.text(bytes) : nil
        }

        /// nil for a value that is no unsigned number.
        var number: UInt64? {
            guard (1...8).contains(primitive), (1...8).contains(bytes.count) else { return nil }
            let isSigned = primitive % 2 == 1
            if isSigned, let first = bytes.first, first >= 0x80 { return nil }
            return bytes.reduce(0) { $0 << 8 | UInt64($1) }
        }
    }
}
