package import BytePath
internal import Digests
internal import Failures
package import FileTree
internal import LinuxSystem
package import ObjectStore
internal import PackageCatalog
internal import PackageModel
package import States
internal import Storage

/// Makes the whole database anew from the files beside it: manifests, states' files, objects and `/usr/.stateID`.
///
/// The new one is written beside the old one, checked, and takes its place in one step; the old one is put aside. What
/// the old one holds and no file tells of (the collections' contents) is taken over as far as it can be read.
package struct DatabaseRebuild {
    package struct Report: Hashable, Sendable {
        package var packages = 0
        package var states = 0
        package var trees = 0
        /// Records that were taken over from the old database, as no file tells of them.
        package var takenOver = 0
        /// Whether all of the old database could be read.
        package var wasReadable = true
        /// Where the old database is, relative to the root; nil where there was none.
        package var oldDatabase: BytePath?
        /// Whether the root was of the format before.
        package var isTakenOver = false
        /// What could not be made again.
        package var damage: [Damage] = []
    }

    /// What would be made of the composed tree of a state that does not say what it was.
    package typealias Generating = (ComposedTree, ObjectStore) throws(StoreError) -> [GeneratedEntry]

    private let root: RootDirectory
    private let database: Database
    private let objects: ObjectStore
    private let catalog: PackageCatalog
    private let states: StateStore
    private let salvage: DatabaseSalvage
    private let generate: Generating
    private var report = Report()
    private var known: Set<TreeID> = []

    /// Rebuilds. The root's lock must be held; this takes the trees' lock, as tidying writes to the database too.
    ///
    /// - Parameter progress: called with the number of packages and states done since the last call.
    package static func run(
        _ root: RootDirectory, generating: @escaping Generating, progress: (UInt64) -> Void = { _ in }
    ) throws(StateError) -> Report {
        let lock = try root.lockTrees(holder: "process \(CurrentProcess.identifier) (rebuilding)", waiting: { _ in })
        defer { lock.hold() }
        let salvage = try StateError.database { () throws(DatabaseError) in
            try DatabaseSalvage(
                root.path.appending(".moss").appending(RootLayout.database), isFormer: root.format != .current)
        }
        // Where a change was cut short already, its mark stays for who looks after that.
        let isFirst = try !root.isChangePending()
        if isFirst { try root.beginChange(bringsObjects: false) }
        try root.system(below: ".moss") { () throws(SystemError) in
            try root.moss.removeTree(RootLayout.newDatabase)
            try root.moss.makeDirectory(RootLayout.newDatabase)
        }
        var rebuild = try DatabaseRebuild(root, salvage, generating)
        try rebuild.fill(progress)
        let report = try finish(root, rebuild.report)
        if isFirst { root.endChange() }
        return report
    }

    private init(
        _ root: RootDirectory, _ salvage: DatabaseSalvage, _ generate: @escaping Generating
    ) throws(StateError) {
        database = try StateError.database { () throws(DatabaseError) in
            var options = DatabaseOptions()
            options.format = DatabaseFormat.rule
            return try Database(at: root.path.appending(".moss").appending(RootLayout.newDatabase), options: options)
        }
        try root.settleDatabase(RootLayout.newDatabase)
        let database = database
        (objects, catalog) = try StateStore.catchingStore { () throws(StoreError) in
            let objects = try ObjectStore(in: root.moss, database, ownership: root.ownership, making: .all)
            return (objects, try PackageCatalog(objects, database))
        }
        states = StateStore(root, catalog, database)
        self.root = root
        self.salvage = salvage
        self.generate = generate
        report.wasReadable = salvage.failure == nil && salvage.problems.isEmpty
    }

    private mutating func fill(_ progress: (UInt64) -> Void) throws(StateError) {
        let found = try readStates()
        let packages = try readPackages(of: found, progress)
        report.packages = packages.count
        try states.updating { (transaction) throws(StateError) in
            try StateStore.catchingStore { () throws(StoreError) in try catalog.record(packages, in: &transaction) }
        }
        // What collecting was about to remove is not known any more: it has to look at all there is.
        try root.requireFullSweep()
        let layouts = Dictionary(packages.map { ($0.id, $0.layout) }, uniquingKeysWith: { first, _ in first })
        for state in found {
            try record(state, layouts)
            progress(1)
        }
        report.states = found.count
        report.trees = known.count
        try recordControl(found)
        try takeOver()
    }

    // MARK: Reading

    /// The states of the files, and of the old database where there is no file.
    private mutating func readStates() throws(StateError) -> [State] {
        let (files, damage) = try StateFileCheck.readAll(root)
        var states = Dictionary(files.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        for item in damage {
            guard case .stateFile(let number) = item.subject else { continue }
            if salvage.states[number] == nil { report.damage.append(item) }
        }
        for (number, state) in salvage.states where states[number] == nil {
            states[number] = state
            try root.system(below: ".moss") { () throws(SystemError) in
                try LostAndFound.keep(BytePath("states/\(number)"), root)
            }
            try root.writeFile(of: state)
        }
        return states.values.sorted { $0.number < $1.number }
    }

    /// The packages of the states, ascending.
    private mutating func readPackages(
        of states: [State], _ progress: (UInt64) -> Void
    ) throws(StateError) -> [PackageRecord] {
        let wanted = states.reduce(into: Set<PackageID>()) { $0.formUnion($1.selections.map(\.package)) }.sorted()
        let (catalog, recorded) = (catalog, salvage.manifests)
        let read = try inParallel(wanted) { (id) throws(StateError) -> PackageRecord? in
            do throws(StoreError) {
                return try catalog.readManifest(id)
            } catch {
                // One that cannot be looked at is not lost.
                guard case .system(let cause) = error, cause.saysNothing, !cause.isLossOfContent else { return nil }
                throw .system(cause.below(".moss"))
            }
        }
        var records: [PackageRecord] = []
        for (id, record) in zip(wanted, read) {
            progress(1)
            // A whole manifest may still be another package's; where nothing else is left, the trees tell.
            let isAnother =
                record.map { recorded[id] != nil && recorded[id] != ManifestRecord(of: $0.manifest) } ?? true
            if let record, !isAnother {
                records.append(record)
            } else if let metadata = salvage.packages[id], let layout = salvage.layouts[id],
                let record = try? catalog.packageRecord(id, metadata: metadata, layout: layout)
            {
                try root.system(below: ".moss") { () throws(SystemError) in
                    try LostAndFound.keep(BytePath("packages/\(id.hexadecimal).stone"), root)
                }
                try StateStore.catchingStore { () throws(StoreError) in try catalog.writeManifests([record]) }
                records.append(record)
            } else if let record {
                records.append(record)
            } else {
                report.damage.append(Damage(.manifest(id), .missing, "and its records cannot be read either"))
            }
        }
        return records
    }

    // MARK: States and trees

    private mutating func record(_ state: State, _ layouts: [PackageID: PackageLayout]) throws(StateError) {
        let tree = try composed(state, layouts)
        let salvaged = tree == nil && !known.contains(state.tree) ? salvagedTree(state.tree) : []
        if tree == nil && !known.contains(state.tree) && salvaged.isEmpty {
            report.damage.append(
                Damage(.stateFile(state.number), .dangling, "its tree cannot be composed of its packages any more"))
        }
        var known = known
        try states.updating { (transaction) throws(StateError) in
            // The update may run again.
            known = self.known
            try StateStore.catchingStore { () throws(StoreError) in
                if let tree { try objects.save(tree, root: state.tree, known: &known, in: &transaction) }
                for id in salvaged where known.insert(id).inserted {
                    try objects.save(salvage.trees[id] ?? [], as: id, in: &transaction)
                }
            }
            do throws(DatabaseError) {
                try transaction.put(state, in: StateBuckets.states, for: state.number)
            } catch {
                throw .database(error)
            }
        }
        self.known = known
    }

    /// The state's tree made of its packages, if it comes out as the state says.
    private func composed(
        _ state: State, _ layouts: [PackageID: PackageLayout]
    ) throws(StateError) -> ComposedTree? {
        if known.contains(state.tree) { return nil }
        var copies: [UnsafeMutableRawBufferPointer] = []
        defer { for copy in copies { copy.deallocate() } }
        for selection in state.selections {
            guard let layout = layouts[selection.package] else { return nil }
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: layout.bytes.count, alignment: 8)
            copy.copyBytes(from: layout.bytes)
            copies.append(copy)
        }
        let views = copies.map { UnsafeRawBufferPointer($0) }
        guard var tree = try? Composer.compose(views, expectedDirectories: views.count * 12) else { return nil }
        let generated = try StateStore.catchingStore { () throws(StoreError) in
            if let generated = state.generated { return generated }
            return try generate(tree, objects)
        }
        for entry in generated {
            let next = try? tree.withLookup(fallback: Self.lookupNothing) { lookup in
                try TreeEditor.place(entry.entry, in: entry.directory, of: tree.root, lookup)
            }
            guard let next else { return nil }
            tree = tree.extended(by: next)
        }
        return tree.root == state.tree ? tree : nil
    }

    private static func lookupNothing(_ id: TreeID) throws(TreeError) -> UnsafeRawBufferPointer {
        throw .missing(id)
    }

    /// The directories of a tree, if all of them were in the old database.
    private func salvagedTree(_ root: TreeID) -> [TreeID] {
        var found: Set<TreeID> = []
        var pending = [root]
        while let id = pending.popLast() {
            guard found.insert(id).inserted else { continue }
            guard let bytes = salvage.trees[id] else { return [] }
            let subtrees = try? bytes.withUnsafeBytes { bytes in
                try Directory(bytes, id: id).entries().compactMap(\.tree)
            }
            guard let subtrees else { return [] }
            pending += subtrees
        }
        return found.sorted()
    }

    // MARK: The rest

    private mutating func recordControl(_ found: [State]) throws(StateError) {
        let live = try root.liveStateNumber()
        let active = found.first { $0.number == live }
        if let live, active == nil {
            report.damage.append(Damage(.stateFile(live), .missing, "/usr is that of a state nobody knows"))
        }
        let noted = try StateStore.keptNextNumber(root) ?? 1
        let highest = max(found.last?.number ?? 0, live ?? 0)
        var control = Control(live: TreeOnDisk(untrusted: active?.tree ?? Directory.empty.id))
        control.active = active?.number ?? 0
        let next = max(highest + 1, noted, salvage.control?.nextState ?? 1)
        control.nextState = min(next, State.numbers.upperBound + 1)
        // What is in the other trees is not known any more: they go when nobody uses them.
        let slots = try root.treeNames().compactMap { UInt64($0.display) }
        try states.updating { (transaction) throws(StateError) in
            try StateStore.catchingStore { () throws(StoreError) in
                try objects.save(ComposedTree.empty, in: &transaction)
            }
            try StateStore.put(control, &transaction)
            for slot in slots { try StateStore.put(TreeSlot(nil), at: slot, &transaction) }
        }
    }

    private mutating func takeOver() throws(StateError) {
        let foreign = salvage.foreign
        report.takenOver = foreign.count
        if foreign.isEmpty { return }
        do throws(DatabaseError) {
            try database.update { (transaction) throws(DatabaseError) in
                for record in foreign {
                    try transaction.put(bucket: record.bucket, key: record.key, value: record.value)
                }
            }
        } catch {
            throw .database(error)
        }
    }

    /// Checks the new database and puts it in its place.
    private static func finish(_ root: RootDirectory, _ report: Report) throws(StateError) -> Report {
        var report = report
        let place = root.path.appending(".moss").appending(RootLayout.newDatabase)
        let problems = try StateError.database { () throws(DatabaseError) in try DatabaseFile.read(place) { _ in } }
        if let problem = problems.first {
            throw .database(DatabaseError(.damaged, directory: place, detail: problem.text))
        }
        report.isTakenOver = root.format != .current
        report.oldDatabase = try root.takingOver { () throws(StateError) in try putInPlace(root) }
        return report
    }

    /// - Returns: where the old database is.
    private static func putInPlace(_ root: RootDirectory) throws(StateError) -> BytePath? {
        try root.system(below: ".moss") { () throws(SystemError) in
            try root.moss.syncFileSystem()
            guard try root.moss.statusIfPresent(of: RootLayout.database) != nil else {
                try root.moss.rename(RootLayout.newDatabase, to: RootLayout.database)
                try root.moss.syncDirectory()
                return nil
            }
            try root.moss.exchange(RootLayout.newDatabase, with: RootLayout.database, below: root.moss)
            try root.moss.syncDirectory()
            let keeper = try LostAndFound.open(root)
            let kept = BytePath("db-\(UInt64.random(in: 1 ... .max))")
            try root.moss.rename(RootLayout.newDatabase, to: kept, below: keeper)
            return LostAndFound.path.appending(kept)
        }
    }
}
