internal import BytePath
internal import CollectionIndex
internal import Downloads
internal import FileTree
internal import Ingest
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
internal import States

/// Makes files of composed trees: the step between composing and comparing.
struct TreeGenerator {
    private let installation: Installation
    private var store: ObjectStore { installation.objects }

    init(_ installation: Installation) {
        self.installation = installation
    }

    /// The tree with everything that is made of it.
    ///
    /// - Parameter arrivals: packages whose contents are not in the store; what is needed of them is read from their
    ///   stones.
    func extend(
        _ tree: ComposedTree, _ selections: [Selection], _ arrivals: [Plan.Arrival]
    ) throws(InstallationError) -> (tree: ComposedTree, files: [GeneratedFile]) {
        var (tree, files): (ComposedTree, [GeneratedFile]) = (tree, [])
        for generator in FileGenerator.all {
            let source = try InstallationError.stored { () throws(StoreError) in
                try installation.lookUp(tree) { try generator.sourceObject(in: tree.root, $0) }
            }
            let content = try source.map { (source) throws(InstallationError) in
                try readContent(source, of: selections, arrivals)
            }
            let file = generator.file(from: content)
            let placed = try InstallationError.stored { () throws(StoreError) in
                try installation.lookUp(tree) { try file.placed(in: tree, $0) }
            }
            guard let placed else { continue }
            tree = placed
            files.append(file)
        }
        return (tree, files)
    }

    /// The bytes of an object that the store has, or the stone of one of the packages.
    private func readContent(
        _ id: ObjectID, of selections: [Selection], _ arrivals: [Plan.Arrival]
    ) throws(InstallationError) -> [UInt8] {
        let missing: StoreError
        do throws(StoreError) {
            return try store.readObject(id)
        } catch {
            guard case .missingObject = error else { throw .store(error) }
            missing = error
        }
        let registry = try InstallationError.collections { () throws(RepositoryError) in
            try installation.collections.registry()
        }
        var offers = arrivals.filter { $0.record.objects[id] != nil }.map(\.offer)
        if offers.isEmpty {
            for package in try installation.packages(among: selections, with: id) {
                let offer = try InstallationError.collections { () throws(RepositoryError) in
                    try registry.package(package)
                }
                if let offer { offers.append(offer) }
            }
        }
        guard let offer = offers.first else { throw .store(missing) }
        let stone = try InstallationError.collections { () throws(RepositoryError) in try registry.open(offer) }
        return try InstallationError.stored { () throws(StoreError) in
            try installation.ingester.readObject(
                id, from: stone.path, stone.file, limit: FileGenerator.sourceByteCountMax)
        }
    }

    /// The files that were made of a state's tree, as far as that is known.
    func objects(of state: State) throws(InstallationError) -> [(id: ObjectID, size: UInt64)] {
        var entries = state.generated?.map(\.entry) ?? []
        if state.generated == nil {
            for generator in FileGenerator.all {
                let path = generator.directory.appending(generator.fileName)
                if let entry = try installation.entry(at: path, in: state) { entries.append(entry) }
            }
        }
        return entries.compactMap { entry in
            guard case .regular(let id, let size) = entry.content, size > 0 else { return nil }
            return (id, size)
        }
    }

    /// The bytes of an object that was made of a stored tree, made again; nil where none of its files is that object.
    func content(_ id: ObjectID, of root: TreeID) throws(StoreError) -> [UInt8]? {
        for generator in FileGenerator.all {
            let source = try store.readingTrees { try generator.sourceObject(in: root, $0) }
            let file = generator.file(from: try source.map { (id) throws(StoreError) in try store.readObject(id) })
            if file.object == id { return file.bytes }
        }
        return nil
    }
}
