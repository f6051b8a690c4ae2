package import BytePath
package import Digests

/// A file to be fetched: where it may be had, and what it has to be.
package struct DownloadItem: Hashable, Sendable {
    /// Its name once it is there and right; until then it is called so with `.part` behind it.
    package var name: BytePath
    /// What people know it by.
    package var label: String
    /// Absolute addresses, the preferred one first.
    package var addresses: [String]
    /// What was promised: of the whole file the size, and the digest of what is wanted of it.
    package var size: UInt64?
    package var digest: SHA256Digest?
    /// Only these bytes of the file are wanted.
    package var part: Range<UInt64>?
    /// Where nobody promised a size.
    package var sizeMax: UInt64
    /// What came with the copy that is here: nothing is fetched while the server has that one.
    package var validator = ""

    package init(
        name: BytePath, label: String, addresses: [String], size: UInt64? = nil, digest: SHA256Digest? = nil,
        sizeMax: UInt64
    ) {
        self.name = name
        self.label = label
        self.addresses = addresses
        self.size = size
        self.digest = digest
        self.sizeMax = sizeMax
    }

    /// The file's name where it comes from.
    package var remoteName: BytePath {
        let path = addresses.first?.split(separator: "?").first ?? ""
        return BytePath(bytes: Array(path.utf8)).lastComponent
    }

    /// What the file here has to be long; nil where nobody promised anything.
    var expectedSize: UInt64? { part.map { $0.upperBound - $0.lowerBound } ?? size }

    var partName: BytePath { BytePath(bytes: name.bytes + Array(".part".utf8)) }
}

/// What a download came to.
package struct DownloadOutcome: Hashable, Sendable {
    /// The server has the copy that the validator belongs to; no file was made.
    package var isUnchanged = false
    package var byteCount: UInt64 = 0
    /// How many bytes came over the network.
    package var transferred: UInt64 = 0
    package var validator = ""
    /// Where it came from; empty for a file that was here.
    package var address = ""
}
