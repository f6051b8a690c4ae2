package import BytePath
internal import Digests
internal import Failures
internal import FileTree
internal import LinuxSystem
package import Maintenance
internal import ObjectStore
internal import PackageModel
internal import States
internal import Storage

/// Making the database anew.
extension Installation {
    /// Makes the whole database of the root at `path` anew from the files beside it.
    ///
    /// - Parameter waiting: called before this waits for another command; without it, that is an error.
    package static func rebuildDatabase(
        of path: BytePath, waiting: (@Sendable (String) -> Void)?, progress: @escaping ProgressHandler = { _ in }
    ) throws(InstallationError) -> DatabaseRebuild.Report {
        let root = try InstallationError.states { () throws(StateError) in try RootDirectory(opening: path) }
        try InstallationError.states { () throws(StateError) in try root.checkOwner() }
        let lock = try lock(root, waiting)
        defer { lock.hold() }
        return try rebuild(root, progress)
    }

    /// Rebuilds with the lock held.
    static func rebuild(
        _ root: RootDirectory, _ progress: @escaping ProgressHandler
    ) throws(InstallationError) -> DatabaseRebuild.Report {
        progress(.phase(.rebuilding, total: 0))
        return try InstallationError.states { () throws(StateError) in
            try DatabaseRebuild.run(root, generating: generatedEntries) { progress(.advanced(.rebuilding, by: $0)) }
        }
    }

    /// What would be made of a composed tree, for states that do not say what was made of theirs.
    private static func generatedEntries(
        of tree: ComposedTree, _ objects: ObjectStore
    ) throws(StoreError) -> [GeneratedEntry] {
        var entries: [GeneratedEntry] = []
        for generator in FileGenerator.all {
            let source = try? tree.withLookup(fallback: { (id) throws(TreeError) in throw .missing(id) }) { lookup in
                try generator.sourceObject(in: tree.root, lookup)
            }
            var content: [UInt8]?
            if let source {
                do throws(StoreError) {
                    content = try objects.readObject(source)
                } catch {
                    // Lost; what the state had is told by its tree.
                    if error.saysNothing { throw error }
                }
            }
            entries.append(generator.file(from: content).entry)
        }
        return entries
    }

    /// Opens the store. Where its database is missing, cut short or its pages say impossible things, and nobody else is
    /// changing the root, it is made anew first.
    static func openStoreRebuilding(
        _ root: RootDirectory, isWritable: Bool, _ access: Access, _ notice: (String) -> Void
    ) throws(InstallationError) -> OpenedStore {
        do throws(InstallationError) {
            return try openStore(root, isWritable: isWritable, create: false, notice)
        } catch {
            guard case .database(let cause) = error,
                [.notFound, .notADatabase, .versionMismatch, .damaged].contains(cause.code)
            else { throw error }
            let report: DatabaseRebuild.Report
            do throws(InstallationError) {
                if case .changing = access {
                    report = try rebuild(root) { _ in }
                } else {
                    try InstallationError.states { () throws(StateError) in try root.checkOwner() }
                    let lock = try lock(root, nil)
                    defer { lock.hold() }
                    report = try rebuild(root) { _ in }
                }
            } catch let second {
                if case .state(.locked) = second { throw second }
                throw error
            }
            let old = report.oldDatabase.map { "; the old one is in \($0.display)" } ?? ""
            notice(
                "the database could not be read (\(cause.detail)) and was made anew from the files beside it: "
                    + "\(report.packages) packages, \(report.states) states\(old)")
            if report.isTakenOver { notice(TakeOver.notice) }
            if !report.wasReadable { notice("run `moss repo update` to bring back what collections offer") }
            if !report.damage.isEmpty { notice("not all of it could be made again; see `moss fsck`") }
            return try openStore(root, isWritable: isWritable, create: false, notice)
        }
    }
}
