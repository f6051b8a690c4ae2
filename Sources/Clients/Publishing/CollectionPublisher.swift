package import BytePath
internal import CollectionIndex
internal import Digests
package import Downloads
internal import LinuxSystem
package import PackageModel
package import StoneFormat
internal import Trust
internal import Zstandard

/// A directory that any server of files can serve as a collection, made of a directory of stones.
///
/// Stones, indexes and what belongs to them never change once they have their name; the pointers that say which of them
/// count are written last. Whoever reads an old pointer finds what it names for the time of grace. Stopped anywhere, the
/// old collection is there whole, or the new one.
package struct CollectionPublisher: Sendable {
    package struct Options: Sendable {
        /// How long files are kept that nothing names any more.
        package var graceSeconds: Int64
        /// Link stones instead of copying them, where that is possible.
        package var linksStones: Bool
        package var writer: StoneWriterOptions

        package init(
            graceSeconds: Int64 = 14 * 86400, linksStones: Bool = false,
            writer: StoneWriterOptions = StoneWriterOptions()
        ) {
            self.graceSeconds = graceSeconds
            self.linksStones = linksStones
            self.writer = writer
        }
    }

    /// What was published, and what it took.
    package struct Published: Hashable, Sendable {
        package var publication: Publication
        package var packages: [PackageMetadata]
        package var stoneCount: Int
        /// Stones that were read, since nothing was known of them.
        package var readCount: Int
        /// Stones that were put into the collection.
        package var copiedCount: Int
        /// Files whose time of grace was over.
        package var removedCount: Int
        /// Whether a pointer is another one than before.
        package var isChanged: Bool
        /// Of the manifest; nil for a collection without sets of keys.
        package var signatures: Signatures?
    }

    /// How many of those who have to sign did.
    package struct Signatures: Hashable, Sendable {
        package var count: Int
        package var threshold: Int
        /// Until then users keep what was there before.
        package var isComplete: Bool { count >= threshold }
    }

    /// How many former indexes a delta is made of.
    private static let deltasMax = 8

    package let directory: BytePath
    package let output: BytePath
    private let options: Options
    private let threadCount: Int

    package init(
        directory: BytePath, output: BytePath, options: Options = Options(), threadCount: Int = processorCount()
    ) {
        self.directory = directory
        self.output = output
        self.options = options
        self.threadCount = threadCount
    }

    /// Publishes the stones as they are now.
    ///
    /// - Parameters:
    ///   - now: the time by which grace is counted, in seconds since 1970.
    ///   - signing: whose manifest is the last of the pointers; nil for none.
    package func publish(
        now: Int64? = nil, signing: ManifestSigning? = nil
    ) throws(RepositoryError) -> Published {
        guard !output.isAtOrBelow(directory) else {
            throw RepositoryError(
                .invalidLocation, output.display,
                "this lies in the directory of the stones, where what is published would be published again")
        }
        let files = try PublishedFiles(at: output)
        let survey = try StoneSurvey(of: directory, rememberedIn: files.directory, threadCount: threadCount)
        var record = PublicationRecord.read(in: files.directory)
        // What the record says counts only for the index it speaks of: a run may have been stopped before it was written.
        let recorded = if let digest = record.index { try packages(of: digest, files) } else { [PackageMetadata]() }
        var pool = StonePool(files, published: recorded, linking: options.linksStones)
        let (packages, copied) = try pool.take(survey.listed.map(\.stone), from: directory, threadCount: threadCount)

        let bytes = try StoneSurvey.index(packages, options.writer, for: output.appending(StoneDirectory.indexName))
        let publication = try publication(of: bytes, survey, files, &record)
        let time = now ?? currentTimeSeconds()
        let (isChanged, signatures) = try point(publication, files, signing, time)
        let removed = try retire(publication, packages, files, &record, time)
        return Published(
            publication: publication, packages: packages, stoneCount: survey.stoneCount, readCount: survey.readCount,
            copiedCount: copied, removedCount: removed, isChanged: isChanged, signatures: signatures)
    }

    /// Writes the pointers, the manifest last.
    private func point(
        _ publication: Publication, _ files: PublishedFiles, _ signing: ManifestSigning?, _ time: Int64
    ) throws(RepositoryError) -> (isChanged: Bool, Signatures?) {
        let manifestName = BytePath(CollectionManifest.fileName)
        var pointers = try pointers(publication)
        guard let signing else {
            // Who trusts keys would go on with what was there before, and nobody would be told.
            guard try ManifestSigning.manifests(in: output).isEmpty else {
                throw RepositoryError(
                    .wrongKey, output.display,
                    "the collection is signed, and without a key its users would not see what is published; name the"
                        + " key, or remove \(manifestName) to publish it without signatures")
            }
            return (try files.point(pointers), nil)
        }
        let envelope: [UInt8]?
        var isChanged = false
        switch try signing.sign(publication, in: output, now: time) {
        case .pointer(let pointer):
            pointers.append(pointer)
            isChanged = try files.point(pointers)
            // What waited for signatures is older than what has them all.
            if pointer.name == manifestName, try files.holds(CollectionManifest.pendingName) {
                try files.remove(CollectionManifest.pendingName)
            }
            envelope = pointer.bytes
        case .waiting(let path):
            isChanged = try files.point(pointers)
            let signed = try signing.sign(waiting: path)
            isChanged = isChanged || signed.isComplete
            envelope = try files.read(
                signed.path.lastComponent, limit: TrustLimits.standard.envelopeByteCountMax)
        }
        let count = try envelope.map { (envelope) throws(RepositoryError) in
            try trusting { () throws(TrustError) in try PublishedKeys(output).count(envelope) }
        }
        return (isChanged, count?.map { Signatures(count: $0.signatures, threshold: $0.threshold) })
    }

    /// `stone.files`, then `stone.index`: what every client of stones looks for.
    package func pointers(_ publication: Publication) throws(RepositoryError) -> [PublicationPointer] {
        var pointers: [PublicationPointer] = []
        for (name, part) in [
            (StoneDirectory.filesName, publication.files), (StoneDirectory.indexName, publication.index),
        ] {
            let bytes = try reporting(below: output) { () throws(SystemError) in
                try Descriptor.openDirectory(output).readFile(part.path)
            }
            pointers.append(PublicationPointer(name: name, bytes: bytes))
        }
        return pointers
    }

    // MARK: Parts

    /// The packages of an index in `by-hash`; none where it is not there as it was.
    private func packages(
        of digest: SHA256Digest, _ files: PublishedFiles
    ) throws(RepositoryError) -> [PackageMetadata] {
        guard let bytes = try former(digest, files) else { return [] }
        return (try? StoneIndex.decode(bytes)) ?? []
    }

    private func former(_ digest: SHA256Digest, _ files: PublishedFiles) throws(RepositoryError) -> [UInt8]? {
        let path = PublishedFiles.byHash.appending("\(digest.hexadecimal).index")
        guard let bytes = try files.read(path, limit: Int(StoneDirectory.indexSizeMax)),
            bytes.withUnsafeBytes({ SHA256Digest(hashing: $0) }) == digest
        else { return nil }
        return bytes
    }

    private func publication(
        of bytes: [UInt8], _ survey: StoneSurvey, _ files: PublishedFiles, _ record: inout PublicationRecord
    ) throws(RepositoryError) -> Publication {
        let index = try files.store(bytes, suffix: "index")
        // The pointer may name an index that no record speaks of.
        let live = try files.digest(of: StoneDirectory.indexName)
        let isKnown = record.index == index.digest
        var former: [SHA256Digest] = []
        for digest in [live, record.index].compactMap(\.self) + record.former
        where digest != index.digest && !former.contains(digest) && former.count < Self.deltasMax {
            former.append(digest)
        }
        let fileIndex: Publication.Part
        if isKnown, let known = record.files, try files.holds(known) {
            fileIndex = known
        } else {
            let (bytes, _) = try survey.fileIndex(
                of: index.digest, level: options.writer.recordLevel, for: output.appending(StoneDirectory.filesName))
            fileIndex = try files.store(bytes, suffix: "files")
        }
        let known = isKnown ? record.attempts : []
        record.index = index.digest
        record.files = fileIndex
        record.attempts = []
        for base in former {
            if let attempt = try attempt(base, bytes, known, files) { record.attempts.append(attempt) }
        }
        record.former = record.attempts.map(\.base)
        let deltas = record.attempts.compactMap { attempt in
            attempt.delta.map { Publication.Delta(base: attempt.base, part: $0) }
        }
        return Publication(index: index, files: fileIndex, deltas: deltas)
    }

    /// The delta of a former index; nil where that is not there any more.
    private func attempt(
        _ base: SHA256Digest, _ bytes: [UInt8], _ known: [PublicationRecord.Attempt], _ files: PublishedFiles
    ) throws(RepositoryError) -> PublicationRecord.Attempt? {
        if let attempt = known.first(where: { $0.base == base }) {
            guard let delta = attempt.delta else { return attempt }
            if try files.holds(delta) { return attempt }
        }
        guard let old = try former(base, files) else { return nil }
        guard let delta = try encode(bytes, from: old) else { return PublicationRecord.Attempt(base: base) }
        return PublicationRecord.Attempt(base: base, delta: try files.store(delta, suffix: "delta"))
    }

    private func encode(_ bytes: [UInt8], from old: [UInt8]) throws(RepositoryError) -> [UInt8]? {
        do throws(ZstandardError) {
            return try IndexDelta.encode(bytes, from: old)
        } catch {
            throw RepositoryError(.invalidIndex, output.appending(StoneDirectory.indexName).display, "\(error)")
        }
    }

    /// Removes what nothing has named for the time of grace, and remembers since when nothing names the rest.
    private func retire(
        _ publication: Publication, _ packages: [PackageMetadata], _ files: PublishedFiles,
        _ record: inout PublicationRecord, _ now: Int64
    ) throws(RepositoryError) -> Int {
        var named = Set(packages.compactMap(\.uri).map { Verbatim($0) })
        for part in [publication.index, publication.files] + publication.deltas.map(\.part) {
            named.insert(Verbatim(URIReference.encode(part.path)))
        }
        // A manifest that waits for signatures does not make the one before it invalid.
        for manifest in try ManifestSigning.manifests(in: output) {
            for file in manifest.allFiles { named.insert(Verbatim(URIReference.encode(BytePath(file.path)))) }
            guard manifest.index.sha256 != publication.index.digest else { continue }
            for package in try self.packages(of: manifest.index.sha256, files) {
                if let uri = package.uri { named.insert(Verbatim(uri)) }
            }
        }
        let found = try files.survey()
        var retired: [String: Int64] = [:]
        var expired: [BytePath] = []
        for path in found.files {
            let reference = URIReference.encode(path)
            if named.contains(Verbatim(reference)) { continue }
            // A clock that was wrong does not keep anything for ever.
            let since = min(now, record.retired[reference] ?? now)
            if now - since >= options.graceSeconds { expired.append(path) } else { retired[reference] = since }
        }
        record.retired = retired
        if record != PublicationRecord.read(in: files.directory) {
            let encoded = record.encoded
            try reporting(below: output) { () throws(SystemError) in
                try files.directory.replaceFile(PublicationRecord.name, with: encoded)
            }
        }
        for path in expired + found.unfinished { try files.remove(path) }
        let gone = Set(expired)
        try files.removeEmpty(found.directories, besides: found.files.filter { !gone.contains($0) })
        return expired.count
    }
}
