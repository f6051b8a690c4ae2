package import BytePath
package import Digests

/// What was published: files of the collection by name, SHA-256 and size, none of which ever changes.
package struct Publication: Hashable, Sendable {
    /// One file.
    package struct Part: Hashable, Sendable {
        /// Below the collection's directory.
        package var path: BytePath
        package var digest: SHA256Digest
        package var size: UInt64

        package init(path: BytePath, digest: SHA256Digest, size: UInt64) {
            self.path = path
            self.digest = digest
            self.size = size
        }
    }

    /// A zstd frame that makes the index of a former one, which is its prefix.
    package struct Delta: Hashable, Sendable {
        /// SHA-256 of the former index.
        package var base: SHA256Digest
        package var part: Part

        package init(base: SHA256Digest, part: Part) {
            self.base = base
            self.part = part
        }
    }

    package var index: Part
    package var files: Part
    /// The newest base first.
    package var deltas: [Delta]

    package init(index: Part, files: Part, deltas: [Delta]) {
        self.index = index
        self.files = files
        self.deltas = deltas
    }
}

/// A file that says what a collection is now. Its bytes change, its name does not.
package struct PublicationPointer: Hashable, Sendable {
    /// In the collection's directory.
    package var name: BytePath
    package var bytes: [UInt8]

    package init(name: BytePath, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}
