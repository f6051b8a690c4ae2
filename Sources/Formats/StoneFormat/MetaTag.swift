/// What a metadata record says. Unknown tags are kept.
package struct MetaTag: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let name = MetaTag(rawValue: 1)
    package static let architecture = MetaTag(rawValue: 2)
    package static let version = MetaTag(rawValue: 3)
    package static let summary = MetaTag(rawValue: 4)
    package static let description = MetaTag(rawValue: 5)
    package static let homepage = MetaTag(rawValue: 6)
    package static let sourceID = MetaTag(rawValue: 7)
    package static let depends = MetaTag(rawValue: 8)
    package static let provides = MetaTag(rawValue: 9)
    package static let conflicts = MetaTag(rawValue: 10)
    package static let release = MetaTag(rawValue: 11)
    package static let license = MetaTag(rawValue: 12)
    package static let buildRelease = MetaTag(rawValue: 13)
    package static let packageURI = MetaTag(rawValue: 14)
    package static let packageHash = MetaTag(rawValue: 15)
    package static let packageSize = MetaTag(rawValue: 16)
    package static let buildDepends = MetaTag(rawValue: 17)
    package static let sourceURI = MetaTag(rawValue: 18)
    package static let sourcePath = MetaTag(rawValue: 19)
    package static let sourceRef = MetaTag(rawValue: 20)
    /// Ours, in indexes only: see ``StoneHead``. Other readers pass it over.
    package static let stoneHead = MetaTag(rawValue: 0x4d01)

    private static let names = [
        "Unknown", "Name", "Architecture", "Version", "Summary", "Description", "Homepage", "SourceID", "Depends",
        "Provides", "Conflicts", "Release", "License", "BuildRelease", "PackageURI", "PackageHash", "PackageSize",
        "BuildDepends", "SourceURI", "SourcePath", "SourceRef",
    ]

    /// The word shown to people.
    package var name: String {
        if self == .stoneHead { return "StoneHead" }
        return Int(rawValue) < Self.names.count ? Self.names[Int(rawValue)] : "Unknown (\(rawValue))"
    }
}
