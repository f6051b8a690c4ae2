package import BytePath
internal import CollectionIndex
internal import Digests
package import Downloads
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

    /// The signed manifest of `publication`, with the serial that follows the last one's.
    package func pointer(
        _ publication: Publication, in directory: BytePath, now: Int64
    ) throws(RepositoryError) -> PublicationPointer {
        let last = try lastManifest(in: directory)
        return try trusting { () throws(TrustError) in
            let set = try PublishedKeys(directory).newest()
            let keys =
                if let set { set } else {
                    try KeySet(trusting: signer.publicKeys, threshold: 1, for: directory.display)
                }
            let seen = try last.map { (bytes) throws(TrustError) in
                try CollectionManifest.own(bytes, for: directory.display)
            }
            guard let name = set?.collection ?? seen?.manifest.collection ?? collection else {
                throw TrustError(
                    .invalidRequest, directory.display, "the collection has no name yet",
                    remedy: "name it, as its users will see it")
            }
            let created = UInt64(clamping: now)
            let manifest = try CollectionManifest(
                collection: name, serial: keys.nextSerial(after: seen), created: created, expires: created + lifetime,
                keySet: set?.version ?? 0, index: publication.index.manifestFile,
                files: publication.files.manifestFile,
                deltas: publication.deltas.map { .init(from: $0.base, file: $0.part.manifestFile) })
            let envelope = signer.sign(manifest.payload, type: .collection)
            let isComplete = keys.isSatisfied(by: envelope, type: .collection)
            return PublicationPointer(
                name: isComplete ? BytePath(CollectionManifest.fileName) : CollectionManifest.pendingName,
                bytes: envelope)
        }
    }

    private func lastManifest(in directory: BytePath) throws(RepositoryError) -> [UInt8]? {
        try reporting(below: directory) { () throws(SystemError) in
            try Descriptor.openDirectory(directory).readFileIfPresent(
                BytePath(CollectionManifest.fileName), limit: TrustLimits.standard.envelopeByteCountMax)
        }
    }
}

extension Publication.Part {
    fileprivate var manifestFile: CollectionManifest.File {
        CollectionManifest.File(path: path.display, sha256: digest, size: size)
    }
}
