package import BytePath
package import CollectionSettings
package import Digests
internal import PackageModel
internal import Storage

/// What the last refresh of a collection found.
package struct CollectionRecord: Hashable, Sendable {
    /// The configured uri at that time; the packages count only while it is the same.
    package var source: String
    /// Who vouched for it, as ``CollectionTrust/text``; nil in records of before that was noted.
    package var trust: String?
    /// What package URIs are relative to: the directory, on this machine; the history, in a channel; empty for others.
    package var base: BytePath
    package var stamp: IndexStamp
    /// What the server knows the index by that was read last; empty where it has nothing of the kind.
    package var validator: String
    /// When the packages were last read and stored, in seconds since 1970.
    package var refreshed: Int64
    package var packageCount: Int

    package init(
        source: String, trust: String?, base: BytePath, stamp: IndexStamp, validator: String = "", refreshed: Int64,
        packageCount: Int
    ) {
        self.source = source
        self.trust = trust
        self.base = base
        self.stamp = stamp
        self.validator = validator
        self.refreshed = refreshed
        self.packageCount = packageCount
    }

    /// Whether this is of the place that a collection has now, and vouched for by those who have to now.
    package func isOf(_ configuration: CollectionConfiguration) -> Bool {
        guard source.isVerbatim(configuration.uri), let wanted = try? configuration.trust else { return false }
        if let trust { return trust.isVerbatim(wanted.text) }
        if case .keys = wanted { return false }
        return true
    }
}

/// How to see that an index is the one that was read last.
package struct IndexStamp: Hashable, Sendable {
    /// Of the index file; 0 where the directory was scanned.
    package var size: UInt64
    /// Tells the index file from every other and from what it may become; 0 where the directory was scanned, and where
    /// the file was too new to be told from a later one.
    package var identity: UInt64
    /// SHA-256 of the index file, or of what an index of the scanned stones would say.
    package var digest: SHA256Digest

    package init(size: UInt64, identity: UInt64, digest: SHA256Digest) {
        self.size = size
        self.identity = identity
        self.digest = digest
    }
}

extension CollectionRecord: BucketValue {
    package func encode(into bytes: inout [UInt8]) {
        RecordWriter.append(to: &bytes, version: 2) { writer in
            writer.put(stamp.digest)
            writer.put(stamp.size)
            writer.put(stamp.identity)
            writer.put(refreshed)
            writer.put(UInt64(clamping: packageCount))
            writer.put(source)
            writer.put(base)
            writer.put(validator)
            writer.put(trust ?? "")
        }
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        var reader = try RecordReader(bytes, "collection record", versions: 1...2)
        let digest = try reader.sha256()
        stamp = IndexStamp(size: try reader.integer(), identity: try reader.integer(), digest: digest)
        refreshed = try reader.integer()
        packageCount = Int(clamping: try reader.integer(UInt64.self))
        source = try reader.text()
        base = try reader.path()
        validator = try reader.text()
        let trust = reader.version > 1 ? try reader.text() : ""
        self.trust = trust.isEmpty ? nil : trust
        try reader.finish()
        // Else the packages would look like those of another place, and be left out without a word.
        guard !source.utf8.contains(0) else { throw DecodingFailure("a collection's source with a NUL in it") }
    }
}
