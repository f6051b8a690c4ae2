import BytePath
import Digests
import PackageModel
import StoneEmission

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

    /// What is to be written.
    var stone: StoneEmission { StoneEmission(metadata, layout: entries, sizes: sizes) }

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
