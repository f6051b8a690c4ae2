internal import BytePath
internal import CollectionIndex
internal import Digests
internal import Downloads
internal import LinuxSystem
package import Trust

/// Signing what is published: a manifest that names the index and what belongs to it, valid for a while.
package struct ManifestSigning: Sendable {
    private let signer: Signer
    private let collection: String?
    private let lifetime: UInt64

    /// - Parameters:
    ///   - collection: its name, needed for a first manifest without a set of keys.
    ///   - lifetime: seconds after which nobody takes the manifest any more.
    package init(_ signer: Signer, collection: String?, lifetime: UInt64) {
        self.signer = signer
        self.collection = collection
        self.lifetime = lifetime
    }

    /// What came of signing.
    enum Outcome {
        /// The last of the pointers: the manifest, under its name or as one that waits for signatures.
        case pointer(PublicationPointer)
        /// A manifest that waited for signatures already says the same: it is to be signed.
        case waiting(BytePath)
    }

    /// The signed manifest of `publication`, with the serial that follows the last one's.
    ///
    /// - Throws: `wrongKey` for keys whose signatures would count for nothing, and another name than the collection has.
    func sign(_ publication: Publication, in directory: BytePath, now: Int64) throws(RepositoryError) -> Outcome {
        let last = try manifest(BytePath(CollectionManifest.fileName), in: directory)
        let waiting = try manifest(CollectionManifest.pendingName, in: directory)
        return try trusting { () throws(TrustError) in
            let set = try PublishedKeys(directory).newest()
            if let set, !set.knows(signer) {
                throw TrustError(
                    .wrongKey, directory.display,
                    "a signature by this key counts for nothing: it is not in \(set.name)",
                    remedy: "sign with a key that is, or add this one to the keys of the collection")
            }
            let keys =
                if let set { set } else {
                    try KeySet(trusting: signer.publicKeys, threshold: 1, for: directory.display)
                }
            let known = set?.collection ?? last?.manifest.collection
            if let known, let collection, known != collection {
                throw TrustError(
                    .invalidRequest, directory.display, "the collection is called \(known)",
                    remedy: "leave its name as it is, since that is what its users know it by")
            }
            guard let name = known ?? collection else {
                throw TrustError(
                    .invalidRequest, directory.display, "the collection has no name yet",
                    remedy: "name it, as its users will see it")
            }
            let created = UInt64(clamping: now)
            let serial = keys.nextSerial(after: last)
            if let other = waiting?.manifest, other.serial == serial, other.expires > created,
                other.keySet == set?.version ?? 0, other.isOf(publication)
            {
                return .waiting(directory.appending(CollectionManifest.pendingName))
            }
            let manifest = try CollectionManifest(
                collection: name, serial: serial, created: created, expires: created + lifetime,
                keySet: set?.version ?? 0, index: publication.index.manifestFile,
                files: publication.files.manifestFile,
                deltas: publication.deltas.map { .init(from: $0.base, file: $0.part.manifestFile) })
            let envelope = signer.sign(manifest.payload, type: .collection)
            let isComplete = keys.isSatisfied(by: envelope, type: .collection)
            return .pointer(
                PublicationPointer(
                    name: isComplete ? BytePath(CollectionManifest.fileName) : CollectionManifest.pendingName,
                    bytes: envelope))
        }
    }

    /// Adds signatures to a manifest that waits for them.
    func sign(waiting path: BytePath) throws(RepositoryError) -> PublishedKeys.Signed {
        try trusting { () throws(TrustError) in try PublishedKeys.sign(path, by: signer, expecting: .collection) }
    }

    private func manifest(_ name: BytePath, in directory: BytePath) throws(RepositoryError) -> SeenManifest? {
        guard let bytes = try Self.envelope(name, in: directory) else { return nil }
        return try trusting { () throws(TrustError) in try CollectionManifest.own(bytes, for: directory.display) }
    }

    /// The manifests of a collection that count, or will once they are signed; those that cannot be read are left out.
    static func manifests(in directory: BytePath) throws(RepositoryError) -> [CollectionManifest] {
        var found: [CollectionManifest] = []
        for name in [BytePath(CollectionManifest.fileName), CollectionManifest.pendingName] {
            guard let bytes = try envelope(name, in: directory) else { continue }
            if let manifest = try? CollectionManifest.own(bytes, for: directory.display).manifest {
                found.append(manifest)
            }
        }
        return found
    }

    private static func envelope(_ name: BytePath, in directory: BytePath) throws(RepositoryError) -> [UInt8]? {
        try reporting(below: directory) { () throws(SystemError) in
            try Descriptor.openDirectory(directory).readFileIfPresent(
                name, limit: TrustLimits.standard.envelopeByteCountMax)
        }
    }
}

extension CollectionManifest {
    fileprivate func isOf(_ publication: Publication) -> Bool {
        index == publication.index.manifestFile && files == publication.files.manifestFile
            && deltas.map(\.file) == publication.deltas.map(\.part.manifestFile)
    }
}

extension Publication.Part {
    fileprivate var manifestFile: CollectionManifest.File {
        CollectionManifest.File(path: path.display, sha256: digest, size: size)
    }
}
