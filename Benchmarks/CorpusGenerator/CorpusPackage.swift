import BytePath
import PackageModel

/// A package whose contents are still numbers: what they hold is made when its stone is written.
struct CorpusPackage: Sendable {
    enum Kind: Sendable {
        /// Content by its number and length; equal pairs hold equal bytes.
        case file(number: UInt64, size: Int)
        /// A slice of given bytes.
        case bytes(ArraySlice<UInt8>)
        case symlink(BytePath)
        case directory
    }

    struct Entry: Sendable {
        var path: BytePath
        var kind: Kind
        var mode: UInt32
    }

    var metadata: PackageMetadata
    var entries: [Entry] = []

    init(_ metadata: PackageMetadata) {
        self.metadata = metadata
    }
}
