internal import BytePath
internal import FileTree
internal import LinuxSystem
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
internal import States

/// What packages ask for directories, and what comes of it.
extension Installation {
    /// Runs `body`, inside a read transaction, with what `chosen` packages, of which `arriving` are not stored yet, ask for
    /// directories.
    func withClaims<R>(
        of chosen: Set<PackageID>, _ arriving: [PackageLayout], _ body: (TreeEditor.Claims) throws -> R
    ) throws -> R {
        let fresh = ArrivingClaims(arriving)
        let failure = FirstError<InstallationError>()
        let claims = TreeEditor.Claims(
            agreed: { path in
                do throws(InstallationError) {
                    return fresh.agreed(on: path, with: try self.claims(on: path, chosen).agreed)
                } catch {
                    failure.record(error)
                    return nil
                }
            },
            contentCount: { path in
                do throws(InstallationError) {
                    return try fresh.contentCount(below: path) + self.contentCount(below: path, chosen)
                } catch {
                    failure.record(error)
                    return 0
                }
            })
        let result = try body(claims)
        try failure.throwIfAny()
        return result
    }

    private func claims(
        on path: BytePath, _ chosen: Set<PackageID>
    ) throws(InstallationError) -> (agreed: EntryMetadata?, packages: [PackageID]) {
        try viewingStore { (transaction) throws(StoreError) in
            try catalog.claims(on: path, in: transaction) { chosen.contains($0) }
        }
    }

    /// What the stored ones of `chosen` that name the directory have in it and below it.
    private func contentCount(below path: BytePath, _ chosen: Set<PackageID>) throws(InstallationError) -> UInt64 {
        let packages = try claims(on: path, chosen).packages
        return try viewingStore { (transaction) throws(StoreError) in
            var count: UInt64 = 0
            for package in packages {
                let layout = try catalog.layoutBytes(of: package, in: transaction)
                do throws(TreeError) {
                    count += try PackageLayout.contentCount(of: layout, below: path)
                } catch {
                    throw .tree(error)
                }
            }
            return count
        }
    }

    /// The directories whose mode or owner is not what an added package asks for, or that get another one.
    ///
    /// - Parameter fresh: a tree whose directories are not stored yet.
    func directoryNotes(
        of additions: [Plan.Addition], _ arriving: [PackageID: PackageRecord], _ changed: [Plan.DirectoryNote],
        in fresh: ComposedTree
    ) throws(InstallationError) -> [Plan.DirectoryNote] {
        var notes: [Plan.DirectoryNote] = []
        for addition in additions {
            for (directory, entry) in try entries(of: addition.id, arriving)
            where entry.kind == .directory && entry.metadata != .plainDirectory {
                let path = directory.appending(entry.name)
                let given = try InstallationError.stored { () throws(StoreError) in
                    try lookUp(fresh) { lookup in try TreeDifference.entry(at: path, in: fresh.root, lookup) }
                }
                // What was moved through a link is not at its path.
                guard let given, given.kind == .directory, given.metadata != entry.metadata else { continue }
                notes.append(
                    Plan.DirectoryNote(
                        path: path, reason: .refused(package: addition.metadata.name), other: entry.metadata,
                        given: given.metadata))
            }
        }
        let known = Set(notes.map(\.path))
        return (notes + changed.filter { !known.contains($0.path) }).sorted { $0.path < $1.path }
    }

    func entries(
        of id: PackageID, _ arriving: [PackageID: PackageRecord]
    ) throws(InstallationError) -> [(directory: BytePath, entry: TreeEntry)] {
        if let record = arriving[id] { return try Self.entries(record.layout) }
        return try Self.entries(
            viewingStore { (transaction) throws(StoreError) in
                PackageLayout(stored: Array(try catalog.layoutBytes(of: id, in: transaction)))
            })
    }

    private static func entries(
        _ layout: PackageLayout
    ) throws(InstallationError) -> [(directory: BytePath, entry: TreeEntry)] {
        do throws(TreeError) {
            return try layout.entries()
        } catch {
            throw .store(.tree(error))
        }
    }
}

/// Directories that arriving packages name.
private struct ArrivingClaims {
    private var claims: [BytePath: (agreed: EntryMetadata, layouts: [Int])] = [:]
    private let layouts: [PackageLayout]

    init(_ layouts: [PackageLayout]) {
        self.layouts = layouts
        for (index, layout) in layouts.enumerated() {
            // A layout made just now can be read.
            for (path, entry) in (try? layout.entries()) ?? [] where entry.kind == .directory {
                let whole = path.appending(entry.name)
                let known = claims[whole]
                claims[whole] = (.agreed(known?.agreed, entry.metadata), (known?.layouts ?? []) + [index])
            }
        }
    }

    func agreed(on path: BytePath, with stored: EntryMetadata?) -> EntryMetadata? {
        guard let fresh = claims[path] else { return stored }
        return .agreed(stored, fresh.agreed)
    }

    func contentCount(below path: BytePath) -> UInt64 {
        (claims[path]?.layouts ?? []).reduce(0) { count, index in
            let own = try? layouts[index].bytes.withUnsafeBytes { try PackageLayout.contentCount(of: $0, below: path) }
            return count + (own ?? 0)
        }
    }
}
