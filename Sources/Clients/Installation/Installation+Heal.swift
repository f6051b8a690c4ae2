internal import CollectionIndex
internal import Digests
internal import Downloads
internal import FileTree
internal import Ingest
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
internal import States

/// Bringing back objects that are recorded but gone or damaged.
extension Installation {
    /// Puts an object that `plan` needs into the store again: from the stone of a package that has it, if a collection
    /// still offers that, or made anew where the tools made it.
    /// - Returns: whether something was done, so that trying again makes sense.
    func heal(_ digest: ObjectID, for plan: Plan) throws(InstallationError) -> Bool {
        let selections =
            switch plan.target {
            case .newState(let candidate): candidate.selections
            case .existing(let state): state.selections
            }
        let registry = try InstallationError.collections { () throws(RepositoryError) in try collections.registry() }
        for package in try packages(among: selections, with: digest) {
            let offer = try InstallationError.collections { () throws(RepositoryError) in try registry.package(package)
            }
            guard let offer else { continue }
            _ = try stones.ingest(offer, registry, into: ingester)
            return true
        }
        return try InstallationError.stored { () throws(StoreError) in
            let made =
                switch plan.target {
                case .newState(let candidate): candidate.generated.first { $0.object == digest }?.bytes
                case .existing(let state): try TreeGenerator(self).content(digest, of: state.tree)
                }
            guard let made else { return false }
            _ = try objects.addObject(made, .plainFile)
            return true
        }
    }

    /// The selected packages whose layouts have a file of this content.
    func packages(
        among selections: [Selection], with digest: ObjectID
    ) throws(InstallationError) -> [PackageID] {
        try viewingStore { (transaction) throws(StoreError) in
            var found: [PackageID] = []
            for selection in selections where try catalog.contains(selection.package, in: transaction) {
                let layout = try catalog.layoutBytes(of: selection.package, in: transaction)
                do throws(TreeError) {
                    if try LayoutGroups(layout).hasContent(digest) { found.append(selection.package) }
                } catch {
                    throw .tree(error)
                }
            }
            return found
        }
    }
}

extension LayoutGroups {
    fileprivate func hasContent(_ digest: ObjectID) throws(TreeError) -> Bool {
        var groups = self
        while let group = try groups.next() {
            var records = group.records
            while let record = try records.next() {
                if record.kind == .regular && record.object == digest { return true }
            }
        }
        return false
    }
}
