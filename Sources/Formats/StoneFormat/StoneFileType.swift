/// What a stone is for. Unknown types are read like any other.
package struct StoneFileType: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let binary = StoneFileType(rawValue: 1)
    package static let delta = StoneFileType(rawValue: 2)
    package static let repository = StoneFileType(rawValue: 3)
    package static let buildManifest = StoneFileType(rawValue: 4)

    /// The word shown to people.
    package var name: String {
        switch self {
        case .binary: "binary"
        case .delta: "delta"
        case .repository: "repository"
        case .buildManifest: "build-manifest"
        default: "unknown (\(rawValue))"
        }
    }
}
