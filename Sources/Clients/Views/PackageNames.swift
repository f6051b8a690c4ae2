internal import BytePath
internal import Digests
internal import Installation
internal import PackageModel
internal import StoneFormat

/// The directories' names of all packages that a root's store has: `<name>-<version>-<release>`, and, where several
/// packages would have the same, also the first digits of the package's id.
struct PackageNames {
    private var packages: [BytePath: PackageID] = [:]

    init(_ installation: Installation) throws(InstallationError) {
        var sharing: [BytePath: [PackageID]] = [:]
        for (id, brief) in try installation.storedBriefs() {
            let name = BytePath("\(brief.name)-\(brief.versionText)")
            // A name comes from a stone, which is not to be trusted with the shape of paths.
            guard name.components.count == 1, !name.isAbsolute else { continue }
            sharing[name, default: []].append(id)
        }
        for (name, ids) in sharing {
            for id in ids {
                let suffix = ids.count == 1 ? "" : "-\(id.hexadecimal.prefix(8))"
                packages[BytePath("\(name.display)\(suffix)")] = id
            }
        }
    }

    /// Ascending.
    var names: [BytePath] { packages.keys.sorted() }

    subscript(name: BytePath) -> PackageID? { packages[name] }
}
