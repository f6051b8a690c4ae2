package import BytePath
internal import LinuxSystem

/// The sets of keys beside a collection that somebody publishes, and documents there that wait for signatures.
///
/// A set that not enough people have signed yet is called `keys/N.pending.json`, so that nobody takes it for the next one.
package struct PublishedKeys: Sendable {
    /// The collection's directory.
    package let directory: BytePath

    package init(_ directory: BytePath) {
        self.directory = directory
    }

    /// What was signed, and by how many of those who have to.
    package struct Signed: Hashable, Sendable {
        package struct Count: Hashable, Sendable {
            /// The version of the set.
            package let keySet: UInt64
            package let signatures: Int
            package let threshold: Int
        }

        package let path: BytePath
        package let type: DocumentType
        /// Empty for a manifest of a collection without sets of keys: what its users trust is not known here.
        package let counts: [Count]

        package var isComplete: Bool { counts.allSatisfy { $0.signatures >= $0.threshold } }
    }

    private var keysDirectory: BytePath { directory.appending("keys") }

    private func path(_ version: UInt64) -> BytePath { directory.appending(KeySet.path(version: version)) }

    private func pendingPath(_ version: UInt64) -> BytePath { keysDirectory.appending("\(version).pending.json") }

    /// The newest set; nil where the collection has none.
    package func newest() throws(TrustError) -> KeySet? {
        let entries = try reporting(keysDirectory) { () throws(SystemError) -> [Descriptor.Entry] in
            let top = try Descriptor.openDirectory(directory)
            guard try top.statusIfPresent(of: "keys") != nil else { return [] }
            return try top.openDirectory("keys").entries()
        }
        let versions = entries.compactMap { entry -> UInt64? in
            let name = entry.name.display
            guard name.hasSuffix(".json"), let version = UInt64(name.dropLast(5)), name == "\(version).json" else {
                return nil
            }
            return version
        }
        return try versions.max().map { version throws(TrustError) in try set(version) }
    }

    private func set(_ version: UInt64) throws(TrustError) -> KeySet {
        let path = path(version)
        let set = try KeySet.own(Self.read(path), for: path.display)
        guard set.version == version else {
            throw TrustError(
                .malformed, path.display, "this is key set \(set.version)", remedy: "give it the name that it says")
        }
        return set
    }

    private static func read(_ path: BytePath) throws(TrustError) -> [UInt8] {
        do throws(SystemError) {
            let parent = path.parent.isEmpty ? "." : path.parent
            return try Descriptor.openDirectory(parent).readFile(
                path.lastComponent, limit: TrustLimits.standard.envelopeByteCountMax, followingLinks: true)
        } catch {
            guard error.number == .noSuchFile else { throw TrustError(error.below(path.parent), path) }
            throw TrustError(.notFound, path.display, "there is no such file", remedy: "name another one")
        }
    }

    private static func write(_ bytes: [UInt8], _ path: BytePath) throws(TrustError) {
        try reporting(path) { () throws(SystemError) in
            let parent = path.parent.isEmpty ? "." : path.parent
            try Descriptor.openDirectory(parent).replaceFile(path.lastComponent, with: bytes, durable: true)
        }
    }

    // MARK: The next set

    /// Makes the next set, or the first, signs it and puts it beside the others; as a pending one where signatures are
    /// missing.
    ///
    /// - Parameter collection: its name, needed for the first set.
    package func change(
        by change: KeySetChange, collection: String?, signedBy signer: Signer
    ) throws(TrustError) -> Signed {
        let name = directory.display
        if let newest = try newest() {
            guard collection == nil || collection == newest.collection else {
                throw TrustError(
                    .invalidRequest, name, "the collection is called \(newest.collection ?? "")",
                    remedy: "leave its name as it is, since that is what its users know it by")
            }
            return try add(newest.changed(by: change, for: name), signedBy: signer)
        }
        guard let collection, change.removed.isEmpty, change.revoked.isEmpty, change.serialReset == nil else {
            throw TrustError(
                .invalidRequest, name, "the collection has no keys yet",
                remedy: "name the collection and the first keys, and nothing else")
        }
        let threshold = change.threshold ?? 1
        let first = try KeySet.first(collection: collection, keys: change.added, threshold: threshold, for: name)
        return try add(first, signedBy: signer)
    }

    private func add(_ next: KeySet, signedBy signer: Signer) throws(TrustError) -> Signed {
        let pending = pendingPath(next.version)
        var envelope = Envelope(payload: next.payload)
        if let waiting = try readIfPresent(pending) {
            let other = try Envelope(reading: waiting, file: pending.display)
            guard other.payload == envelope.payload else {
                throw TrustError(
                    .exists, pending.display, "another change of the keys waits for signatures",
                    remedy: "sign that one, or remove it")
            }
            envelope = other
        }
        try reporting(keysDirectory) { () throws(SystemError) in
            try Descriptor.openDirectory(directory).ensureDirectory("keys")
        }
        return try sign(envelope, next, signer, at: pending)
    }

    private func readIfPresent(_ path: BytePath) throws(TrustError) -> [UInt8]? {
        do throws(TrustError) {
            return try Self.read(path)
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    /// - Parameter path: the pending file, or a set that was published.
    private func sign(
        _ envelope: Envelope, _ set: KeySet, _ signer: Signer, at path: BytePath
    ) throws(TrustError) -> Signed {
        let former = set.version > 1 ? try self.set(set.version - 1) : nil
        let sets = [former, set].compactMap { $0 }
        try Self.requireUse(of: signer, in: sets, path)
        let envelope = signer.adding(to: envelope, type: .keys)
        let counts = Self.counts(envelope, .keys, sets)
        let final = self.path(set.version)
        let isComplete = Signed(path: final, type: .keys, counts: counts).isComplete
        guard isComplete else {
            try Self.write(envelope.text, path)
            return Signed(path: path, type: .keys, counts: counts)
        }
        if path != final, let published = try readIfPresent(final),
            try Envelope(reading: published, file: final.display).payload != envelope.payload
        {
            throw TrustError(
                .exists, final.display, "another set was published under this number", remedy: "make the change anew")
        }
        // What users would not take is not published.
        if let former { _ = try former.successor(envelope.text, for: path.display) }
        try Self.write(envelope.text, final)
        if path != final {
            try reporting(path) { () throws(SystemError) in
                let keys = try Descriptor.openDirectory(keysDirectory)
                if try keys.statusIfPresent(of: path.lastComponent) != nil { try keys.unlink(path.lastComponent) }
            }
        }
        return Signed(path: final, type: .keys, counts: counts)
    }

    private static func counts(_ envelope: Envelope, _ type: DocumentType, _ sets: [KeySet]) -> [Signed.Count] {
        sets.map { set in
            .init(keySet: set.version, signatures: set.tally(envelope, type).good.count, threshold: set.threshold)
        }
    }

    private static func requireUse(of signer: Signer, in sets: [KeySet], _ path: BytePath) throws(TrustError) {
        for id in signer.ids where !sets.contains(where: { set in set.keys.contains { $0.id == id } }) {
            let names = sets.map(\.name).joined(separator: " or ")
            throw TrustError(
                .notFound, path.display, "the key \(id) is not in \(names), and its signature would count for nothing",
                remedy: "sign with a key that is")
        }
    }

    // MARK: Documents that are there

    /// Adds signatures to a manifest or a set of keys, for those who sign one after the other.
    ///
    /// - Parameters:
    ///   - path: the file, or the directory of a collection, whose manifest is meant.
    ///   - type: what it has to be; nil takes either.
    package static func sign(
        _ path: BytePath, by signer: Signer, expecting type: DocumentType? = nil
    ) throws(TrustError) -> Signed {
        let isDirectory = try reporting(path) { () throws(SystemError) in
            try Descriptor.open(path, .pathOnly).status().kind == .directory
        }
        let path = isDirectory ? try PublishedKeys(path).manifestToSign : path
        let envelope = try Envelope(reading: read(path), file: path.display)
        switch try document(envelope, path, type) {
        case .manifest(let manifest):
            let place = path.parent.isEmpty ? "." : path.parent
            return try PublishedKeys(place).sign(envelope, manifest, signer, at: path)
        case .keys(let set): return try PublishedKeys(around: path).sign(envelope, set, signer, at: path)
        }
    }

    /// What waits for signatures, else what is published.
    private var manifestToSign: BytePath {
        get throws(TrustError) {
            for name in [CollectionManifest.pendingName, BytePath(CollectionManifest.fileName)]
            where try readIfPresent(directory.appending(name)) != nil {
                return directory.appending(name)
            }
            throw TrustError(
                .notFound, directory.display, "nothing there is signed yet",
                remedy: "publish the collection with a key first")
        }
    }

    private enum Document {
        case manifest(CollectionManifest)
        case keys(KeySet)
    }

    /// Nobody signs what he cannot read.
    private static func document(
        _ envelope: Envelope, _ path: BytePath, _ type: DocumentType?
    ) throws(TrustError) -> Document {
        do throws(Malformed) {
            let found = try Fields(reading: envelope.payload, byteCountMax: TrustLimits.standard.envelopeByteCountMax)
                .text("type", byteCountMax: 64)
            if let type, found != type.rawValue { throw Malformed("this is no \(type.rawValue)") }
            switch DocumentType(rawValue: found) {
            case .collection: return .manifest(try CollectionManifest(payload: envelope.payload, .standard))
            case .keys: return .keys(try KeySet(payload: envelope.payload, .standard))
            case nil: throw Malformed("its type is not one that is signed here")
            }
        } catch {
            throw TrustError(error.code, path.display, error.text, remedy: "look at what you sign; nothing was signed")
        }
    }

    /// Those of the collection that the file of a set belongs to.
    private init(around path: BytePath) throws(TrustError) {
        let place = path.parent
        if place.isEmpty {
            self.init("..")
        } else if place.lastComponent == "keys" {
            self.init(place.parent.isEmpty ? "." : place.parent)
        } else {
            throw TrustError(
                .invalidRequest, path.display, "sets of keys lie in a collection's directory `keys`",
                remedy: "put it beside the set before it")
        }
    }

    private func sign(
        _ envelope: Envelope, _ manifest: CollectionManifest, _ signer: Signer, at path: BytePath
    ) throws(TrustError) -> Signed {
        let sets = try [newest()].compactMap { $0 }
        if let set = sets.first {
            guard set.collection == manifest.collection, manifest.keySet <= set.version else {
                throw TrustError(
                    .mixAndMatch, path.display, "the manifest does not belong to \(set.name)", remedy: "make it anew")
            }
            try Self.requireUse(of: signer, in: sets, path)
        }
        let envelope = signer.adding(to: envelope, type: .collection)
        let counts = Self.counts(envelope, .collection, sets)
        let isPending = path.lastComponent == CollectionManifest.pendingName
        if isPending, let published = try readIfPresent(directory.appending(BytePath(CollectionManifest.fileName))),
            let newest = try? CollectionManifest.own(published, for: path.display).manifest,
            newest.serial >= manifest.serial
        {
            throw TrustError(
                .rollBack, path.display,
                "what is published has serial \(newest.serial), and this one only \(manifest.serial)",
                remedy: "remove it and publish anew; nothing was signed")
        }
        guard isPending, Signed(path: path, type: .collection, counts: counts).isComplete else {
            try Self.write(envelope.text, path)
            return Signed(path: path, type: .collection, counts: counts)
        }
        let final = directory.appending(BytePath(CollectionManifest.fileName))
        try Self.write(envelope.text, final)
        try reporting(path) { () throws(SystemError) in
            try Descriptor.openDirectory(directory).unlink(path.lastComponent)
        }
        return Signed(path: final, type: .collection, counts: counts)
    }
}
