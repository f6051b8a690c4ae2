import BytePath
import Digests
import PackageModel

/// One package as it will be written: what its stone says and where its content comes from.
struct PackagePlan: Sendable {
    /// The .deb that holds the content.
    let file: BytePath
    let control: DebianControl
    var metadata: PackageMetadata
    /// Sorted by path.
    var entries: [LayoutEntry]
    /// Sizes of the contents that the scan saw; more than `entries` need where paths were left to others.
    let sizes: [ObjectID: UInt64]
    var dropped: [DroppedItem]

    /// Bytes of unique content.
    var contentSize: UInt64 {
        wantedSizes.values.reduce(0, +)
    }

    /// The unique contents of `entries`.
    var wantedSizes: [ObjectID: UInt64] {
        var wanted: [ObjectID: UInt64] = [:]
        for case .regular(let digest) in entries.lazy.map(\.kind) { wanted[digest] = sizes[digest] }
        return wanted
    }

    /// The usual file name, with the two characters of Debian versions that file names and URIs trip over replaced by
    /// two that such versions never have: "~" by "_" and ":" by "=".
    var stoneFileName: String {
        String(
            metadata.stoneFileName.map { character in
                switch character {
                case "~": "_"
                case ":": "="
                default: character
                }
            })
    }
}
