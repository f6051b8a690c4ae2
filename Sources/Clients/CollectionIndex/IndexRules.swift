internal import BytePath
package import Downloads
package import PackageModel

/// What must hold for the packages of an index before they are believed.
package enum IndexRules {
    /// The packages that count: one of each name, the one of the highest release.
    ///
    /// - Parameter index: where they come from, for errors.
    /// - Parameter resolves: whether a uri leads to a place where a stone can be.
    /// - Throws: `invalidIndex` for a package without hash or uri, with a uri that leads nowhere or with a name longer
    ///   than 255 bytes, and for two packages of one hash; `duplicatePackage` for two of one name and release.
    package static func select(
        _ packages: [PackageMetadata], index: String, resolves: (String) -> Bool
    ) throws(RepositoryError) -> [PackageMetadata] {
        var chosen: [Verbatim<String>: PackageMetadata] = [:]
        var names: [PackageID: String] = [:]
        for package in packages {
            guard package.name.utf8.count <= CollectionBuckets.nameByteCountMax else {
                throw RepositoryError(.invalidIndex, index, "a package's name is longer than 255 bytes")
            }
            guard let hash = package.hash else {
                throw RepositoryError(.invalidIndex, index, "\(package.name) has no hash; is it a stone index?")
            }
            guard let uri = package.uri, resolves(uri) else {
                throw RepositoryError(
                    .invalidIndex, index, "the uri of \(package.name), \"\(package.uri ?? "")\", leads nowhere")
            }
            if let other = names.updateValue(package.name, forKey: hash), !other.isVerbatim(package.name) {
                throw RepositoryError(.invalidIndex, index, "\(other) and \(package.name) have the same hash")
            }
            if let other = chosen[Verbatim(package.name)] {
                guard other.release != package.release else {
                    throw RepositoryError(
                        .duplicatePackage, index,
                        "\(package.name) release \(package.release) is listed twice, as \(other.uri ?? "") and \(uri)")
                }
                if other.release > package.release { continue }
            }
            chosen[Verbatim(package.name)] = package
        }
        return chosen.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}
