/// What a conversion did, package by package. `schema` grows when a field changes its meaning.
package struct ConversionReport: Sendable, Codable {
    package struct Package: Sendable, Codable {
        /// Name, version and architecture of the stone.
        package var name: String
        package var version: String
        package var architecture: String
        /// The .deb it came from.
        package var source: String
        /// The stone's file name in the output directory.
        package var stone: String
        package var entries: Int
        /// Bytes of unique content, and of the stone.
        package var contentBytes: UInt64
        package var stoneBytes: UInt64
        package var dropped: [DroppedItem]
    }

    package struct Failure: Sendable, Codable {
        package var source: String
        /// ``DebianImportError/Code`` as text.
        package var code: String
        package var message: String
    }

    package var schema = 1
    /// By name.
    package var packages: [Package] = []
    /// By source.
    package var failures: [Failure] = []

    package var entryCount: Int { packages.reduce(0) { $0 + $1.entries } }
    package var contentBytes: UInt64 { packages.reduce(0) { $0 + $1.contentBytes } }
    package var stoneBytes: UInt64 { packages.reduce(0) { $0 + $1.stoneBytes } }

    /// How many items of each kind were dropped or changed; kinds without any are left out.
    package var droppedCounts: [(kind: DroppedItem.Kind, count: Int)] {
        var counts: [DroppedItem.Kind: Int] = [:]
        for package in packages {
            for item in package.dropped { counts[item.kind, default: 0] += 1 }
        }
        return DroppedItem.Kind.allCases.compactMap { kind in counts[kind].map { (kind, $0) } }
    }

    /// The report for people: a head per package, a line per item.
    package var text: String {
        var text = ""
        for failure in failures { text += "FAILED \(failure.source): \(failure.message)\n" }
        for package in packages {
            text += "\(package.name) \(package.version) \(package.architecture): \(package.entries) entries, "
            text += "\(package.contentBytes) bytes of content, \(package.stone) has \(package.stoneBytes)\n"
            for item in package.dropped { text += "    \(item.kind.rawValue): \(item.detail)\n" }
        }
        return text
    }
}
