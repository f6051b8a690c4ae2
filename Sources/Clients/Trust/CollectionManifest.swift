package import BytePath
package import Digests
internal import JSON

/// What a collection offers, in one file that is replaced as one: `moss-collection.json` beside the index, an envelope of
/// the type `moss-collection` around
///
///     {"type": "moss-collection", "collection": NAME, "serial": N, "created": SECONDS, "expires": SECONDS, "keySet": V,
///      "index": {"path": PATH, "sha256": HEX, "size": N},
///      "files": {"path": PATH, "sha256": HEX, "size": N},
///      "deltas": [{"from": HEX, "path": PATH, "sha256": HEX, "size": N}, …]}
///
/// `files` and `deltas` may be missing, members of other names are passed over. Serials begin with 1 and only rise, times
/// are seconds since 1970, `keySet` is the version of the set whose keys sign, 0 where the collection has none. A delta
/// turns the index with the SHA-256 `from` into this one. Paths are relative to this file and made of components of ASCII
/// letters, digits and `-._~+` with slashes between; none is `.` or `..`.
package struct CollectionManifest: Hashable, Sendable {
    package static let fileName = "moss-collection.json"
    /// As long as signatures are missing; users do not look for this name.
    package static let pendingName: BytePath = "moss-collection.pending.json"

    /// A file and what has to be in it.
    package struct File: Hashable, Sendable {
        package let path: String
        package let sha256: SHA256Digest
        package let size: UInt64

        package init(path: String, sha256: SHA256Digest, size: UInt64) {
            self.path = path
            self.sha256 = sha256
            self.size = size
        }
    }

    package struct Delta: Hashable, Sendable {
        /// Of the index that it starts from.
        package let from: SHA256Digest
        package let file: File

        package init(from: SHA256Digest, file: File) {
            self.from = from
            self.file = file
        }
    }

    package let collection: String
    package let serial: UInt64
    package let created: UInt64
    package let expires: UInt64
    package let keySet: UInt64
    package let index: File
    package let files: File?
    package let deltas: [Delta]

    init(
        checking collection: String, serial: UInt64, created: UInt64, expires: UInt64, keySet: UInt64, index: File,
        files: File?, deltas: [Delta], _ limits: TrustLimits
    ) throws(Malformed) {
        self.collection = collection
        self.serial = serial
        self.created = created
        self.expires = expires
        self.keySet = keySet
        self.index = index
        self.files = files
        self.deltas = deltas
        guard PlainName.isValid(collection) else { throw Malformed("a collection's name has \(PlainName.rule)") }
        guard serial > 0 else { throw Malformed("serials begin with 1") }
        let numberMax = TrustLimits.numberMax
        guard serial <= numberMax else { throw Malformed(.fastForward, "the serial is larger than \(numberMax)") }
        guard created < expires, expires <= numberMax, keySet <= numberMax else {
            throw Malformed("it is made to expire before it was made, or its numbers are too large")
        }
        guard deltas.count <= limits.deltaCountMax, Set(deltas.map(\.from)).count == deltas.count else {
            throw Malformed("there are too many deltas, or two from one index")
        }
        for file in allFiles {
            guard Self.isPath(file.path) else { throw Malformed("a path leads elsewhere, or has unusual characters") }
            guard file.size <= limits.fileByteCountMax else {
                throw Malformed(.endlessData, "\(file.path) has more than \(limits.fileByteCountMax) bytes")
            }
        }
    }

    /// A manifest to be signed.
    package init(
        collection: String, serial: UInt64, created: UInt64, expires: UInt64, keySet: UInt64, index: File,
        files: File? = nil, deltas: [Delta] = []
    ) throws(TrustError) {
        do throws(Malformed) {
            try self.init(
                checking: collection, serial: serial, created: created, expires: expires, keySet: keySet, index: index,
                files: files, deltas: deltas, .standard)
        } catch {
            throw TrustError(.invalidRequest, collection, error.text, remedy: "nothing was signed")
        }
    }

    /// Every file it names.
    package var allFiles: [File] { [index] + [files].compactMap(\.self) + deltas.map(\.file) }

    private static let pathByteCountMax = 512
    private static let pathMarks = Set("-._~+".utf8)

    private static func isPath(_ path: String) -> Bool {
        guard (1...pathByteCountMax).contains(path.utf8.count) else { return false }
        return path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { component in
            !component.isEmpty && !component.elementsEqual(".".utf8) && !component.elementsEqual("..".utf8)
                && component.allSatisfy { PlainName.isAlphanumeric($0) || pathMarks.contains($0) }
        }
    }
}

extension CollectionManifest {
    /// The document, to be signed.
    package var payload: [UInt8] {
        var members: [String: JSONValue] = [
            "type": .string(DocumentType.collection.rawValue), "collection": .string(collection),
            "serial": .number("\(serial)"), "created": .number("\(created)"), "expires": .number("\(expires)"),
            "keySet": .number("\(keySet)"), "index": .object(Self.members(index)),
        ]
        members["files"] = files.map { .object(Self.members($0)) }
        if !deltas.isEmpty {
            members["deltas"] = .array(
                deltas.map { delta in
                    let from = ["from": JSONValue.string(delta.from.hexadecimal)]
                    return .object(Self.members(delta.file).merging(from) { own, _ in own })
                })
        }
        return JSONValue.object(members).text()
    }

    private static func members(_ file: File) -> [String: JSONValue] {
        ["path": .string(file.path), "sha256": .string(file.sha256.hexadecimal), "size": .number("\(file.size)")]
    }

    init(payload: [UInt8], _ limits: TrustLimits) throws(Malformed) {
        let fields = try Fields(reading: payload, byteCountMax: limits.envelopeByteCountMax)
        try fields.expect(.collection)
        var deltas: [Delta] = []
        if fields.has("deltas") {
            for value in try fields.list("deltas", countMax: limits.deltaCountMax) {
                let delta = try Fields(value, at: "deltas")
                deltas.append(Delta(from: try Self.digest(delta, "from"), file: try Self.file(delta)))
            }
        }
        try self.init(
            checking: fields.text("collection", byteCountMax: PlainName.byteCountMax),
            serial: fields.number("serial", upTo: .max), created: fields.number("created"),
            expires: fields.number("expires"), keySet: fields.number("keySet"),
            index: Self.file(fields.object("index")),
            files: fields.has("files") ? Self.file(fields.object("files")) : nil, deltas: deltas, limits)
    }

    private static func file(_ fields: Fields) throws(Malformed) -> File {
        File(
            path: try fields.text("path", byteCountMax: pathByteCountMax), sha256: try digest(fields, "sha256"),
            size: try fields.number("size", upTo: .max))
    }

    private static func digest(_ fields: Fields, _ name: String) throws(Malformed) -> SHA256Digest {
        guard let digest = SHA256Digest(hexadecimal: try fields.text(name, byteCountMax: 64)) else {
            throw fields.wrong(name, "is no SHA-256")
        }
        return digest
    }
}

extension CollectionManifest.File {
    /// Throws unless a file that came is this one: `endlessData` where it is larger, else `mixAndMatch`.
    ///
    /// - Parameter name: of the collection as its user calls it, for messages.
    package func check(size: UInt64, sha256: SHA256Digest, for name: String) throws(TrustError) {
        guard size <= self.size else { throw .endlessData(name, path, byteCountMax: self.size) }
        guard size == self.size, sha256 == self.sha256 else {
            throw TrustError(
                .mixAndMatch, name, "\(path) is not the file that the signed manifest promises",
                remedy: "try again later or another mirror: it may just be changing; nothing of it was used")
        }
    }
}
