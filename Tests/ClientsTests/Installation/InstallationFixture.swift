import BytePath
import CollectionIndex
import CollectionSettings
import Installation
import LinuxSystem
import PackageModel
import States
import TestSupport

/// Runs `body` with an initialised root and an empty directory of stones that is its collection.
///
/// - Parameter rootName: an overlay on `root/usr` would be taken for a user of every root of that name.
func withInstallationScratch<R>(
    rootName: BytePath = "root", _ body: (InstallationScratch) throws -> R
) throws -> R {
    try withScratchDirectory { path in try body(InstallationScratch(path, rootName: rootName)) }
}

struct InstallationScratch {
    let path: BytePath
    let root: BytePath
    var stones: BytePath { path.appending("stones") }

    init(_ path: BytePath, rootName: BytePath = "root") throws {
        CurrentProcess.prepareForRoots()
        self.path = path
        root = path.appending(rootName)
        try Descriptor.openDirectory(path).makeDirectory("stones")
        _ = try Installation.initialise(root)
    }

    func publish(_ package: SamplePackage) throws {
        try Descriptor.openDirectory(stones).replaceFile(
            BytePath(package.metadata.stoneFileName), with: package.stone())
    }

    func withdraw(_ package: SamplePackage) throws {
        try Descriptor.openDirectory(stones).unlink(BytePath(package.metadata.stoneFileName))
    }

    /// Opens the root for changing, with the collection as it is now.
    func changing<R>(_ body: (Installation) throws -> R) throws -> R {
        let installation = try Installation(opening: root, .changing(waiting: nil))
        let id = try CollectionID("test")
        if try installation.collections.list().isEmpty {
            _ = try installation.collections.add(CollectionConfiguration(id: id, uri: stones.display))
        } else {
            try installation.collections.refresh(id)
        }
        return try body(installation)
    }

    @discardableResult
    func apply(_ change: Change) throws -> State {
        try changing { installation in
            let state = try installation.apply(try installation.plan(change))
            try check(installation, state)
            return state
        }
    }

    /// The live tree is the tree of `state`, entry by entry.
    func check(_ installation: Installation, _ state: State) throws {
        let differences = try installation.differencesOfLiveTree(from: state)
        guard differences.isEmpty else { throw Mismatch(lines: differences) }
    }

    struct Mismatch: Error, CustomStringConvertible {
        let lines: [String]
        var description: String { lines.prefix(20).joined(separator: "\n") }
    }
}

/// A package of files whose content is their path and the release, and what else is given.
func sample(
    _ name: String, _ release: UInt64 = 1, needs: [String] = [], conflicts: [String] = [], files: [String] = []
) -> SamplePackage {
    var sample = SamplePackage(
        PackageMetadata(
            name: name, version: "1.\(release)", release: release,
            dependencies: needs.compactMap { Capability(parsing: $0) },
            conflicts: conflicts.compactMap { Capability(parsing: $0) }))
    for file in files.isEmpty ? ["bin/\(name)", "share/doc/\(name)/README"] : files {
        sample.add(file: BytePath(file), Array("\(file) \(release)".utf8), mode: file.hasPrefix("bin/") ? 0o755 : 0o644)
    }
    return sample
}
