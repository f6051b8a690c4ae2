/// The first 128 bytes of a ``ViewImage``, as they lie in memory: an image is mapped, not read. Its magic number is its
/// version.
package struct ViewImageHeader: Sendable {
    var magic: UInt64 = Self.magic
    var nodeCount: UInt64
    var entryCount: UInt64
    var ownerCount: UInt64
    var textBytes: UInt64
    /// Seconds since 1970 that directories and links show.
    package var time: Int64
    /// Sum of the files' sizes, each node once.
    package var contentBytes: UInt64
    /// Nodes that are files.
    package var fileCount: UInt64
    /// Where in the text the name of what is shown stands.
    var shown: UInt64
    /// 1 where owners are records only: objects then lie under names without owners.
    var ownersAreRecorded: UInt64
    private var reserved: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)

    static let magic: UInt64 = 0x3165_6765_6d69_7673  // "sviemge1"
    static let byteCount = 128

    init(
        nodeCount: Int, entryCount: Int, ownerCount: Int, textBytes: Int, time: Int64, contentBytes: UInt64,
        fileCount: UInt64, shown: Int, ownersAreRecorded: Bool
    ) {
        self.nodeCount = UInt64(nodeCount)
        self.entryCount = UInt64(entryCount)
        self.ownerCount = UInt64(ownerCount)
        self.textBytes = UInt64(textBytes)
        self.time = time
        self.contentBytes = contentBytes
        self.fileCount = fileCount
        self.shown = UInt64(shown)
        self.ownersAreRecorded = ownersAreRecorded ? 1 : 0
    }

    package var keepsOwnersAsRecords: Bool { ownersAreRecorded != 0 }

    // Valid once `extent` is not nil.
    var nodesOffset: Int { Self.byteCount }
    var entriesOffset: Int { nodesOffset + Int(nodeCount) * ViewNode.byteCount }
    var ownersOffset: Int { entriesOffset + Int(entryCount) * ViewEntry.byteCount }
    var textOffset: Int { ownersOffset + Int(ownerCount) * ViewOwners.byteCount }

    /// Bytes of the whole image; nil when the counts are beyond what an image can hold.
    var extent: Int? {
        let limit = UInt64(UInt32.max)
        guard nodeCount < limit, entryCount < limit, ownerCount < limit, textBytes < limit else { return nil }
        return textOffset + Int(textBytes)
    }
}
