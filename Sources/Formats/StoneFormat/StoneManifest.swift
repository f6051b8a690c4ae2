/// A stone without its content: what is kept of a package to rebuild records from.
///
/// All other payloads are there byte for byte, so it reads like any stone.
package struct StoneManifest: Hashable, Sendable {
    package let fileType: StoneFileType
    package private(set) var payloadCount: UInt16 = 0
    private var payloads: [UInt8] = []

    package init(fileType: StoneFileType) {
        self.fileType = fileType
    }

    /// Adds a payload; at most 65,535.
    package mutating func append(_ header: PayloadHeader, stored: [UInt8]) {
        precondition(header.storedSize == UInt64(stored.count), "these are not the payload's stored bytes")
        payloadCount += 1
        payloads += header.encoded
        payloads += stored
    }

    /// The bytes of the file.
    package var encoded: [UInt8] {
        StoneHeader(payloadCount: payloadCount, fileType: fileType).encoded + payloads
    }
}
