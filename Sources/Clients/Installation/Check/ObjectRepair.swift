internal import BytePath
internal import CollectionIndex
internal import CollectionSettings
internal import Digests
internal import Downloads
internal import Failures
internal import FileTree
internal import Ingest
internal import LinuxSystem
internal import Maintenance
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
internal import States

/// Puts damaged objects right: one after the other from what is at hand, then package by package from collections.
final class ObjectRepair {
    struct Key: Hashable {
        let digest: ObjectID
        let variant: EntryMetadata
    }

    private static let keptName: BytePath = "objects"

    private let check: RootCheck
    private let contents: [Int: ObjectID]
    /// Files in the store that nobody needs.
    private let orphans: [ObjectID: [EntryMetadata]]
    private let kept: [UInt64: [BytePath]]
    /// Whether something that may hold a good copy could not be looked at: then nothing is given up.
    private var isAnySourceUnseen = false
    private var objects: ObjectStore { check.installation.objects }
    private var table: ObjectTable { check.records.table }

    init(_ check: RootCheck, _ found: RootCheck.ObjectDamage, litter: [Damage]) throws(InstallationError) {
        self.check = check
        contents = found.contents
        var orphans: [ObjectID: [EntryMetadata]] = [:]
        for item in litter + check.records.damage {
            if case .object(let digest, let variant) = item.subject { orphans[digest, default: []].append(variant) }
        }
        self.orphans = orphans
        let isNeeded = check.records.table.rows.contains { $0.marks.contains(.bad) }
        kept = isNeeded ? try Self.keptFiles(check.root) : [:]
    }

    /// - Returns: what became of each object that something was wrong with, but for those that could not be repaired for
    ///   another reason than that there is no good copy; these are noted, and stay as they are.
    func run() -> [Key: CheckReport.Finding.Outcome] {
        var outcomes: [Key: CheckReport.Finding.Outcome] = [:]
        var open: [Int] = []
        for index in table.rows.indices where table.rows[index].marks.contains(.bad) {
            objects.unlockObject(table.rows[index].digest, table.rows[index].variant)
            guard let isRepaired = attempt(index, { () throws(StoreError) in try repairMetadata(index) }) else {
                continue
            }
            if isRepaired { outcomes[key(index)] = .repaired("from its own bytes") } else { open.append(index) }
        }
        let misplaced = keep(&open)
        // Names are about to change hands; what was put aside may be the last copy, and stays until what is made of it
        // is on disk.
        if !open.isEmpty {
            let synced: Void? = check.repairing(.file("objects")) { () throws(InstallationError) in try check.settle() }
            if synced == nil { return outcomes }
        }
        let copies = treeCopies(of: Set(open.map { table.rows[$0].digest }))
        for index in open {
            if let source = repairContent(index, misplaced, copies) { outcomes[key(index)] = .repaired(source) }
            check.progress(.advanced(.repairing, by: 1))
        }
        open.removeAll { outcomes[key($0)] != nil }
        for (index, source) in fetch(open) { outcomes[key(index)] = .repaired(source) }
        open.removeAll { outcomes[key($0)] != nil }
        for index in open where !isAnySourceUnseen {
            if giveUp(index) { outcomes[key(index)] = .lost }
        }
        if !misplaced.isEmpty, (try? check.settle()) != nil { release(misplaced) }
        return outcomes
    }

    private func key(_ index: Int) -> Key { Key(digest: table.rows[index].digest, variant: table.rows[index].variant) }

    private func mark(_ index: Int) {
        table.rows[index].marks.remove(.bad)
        table.rows[index].marks.insert([.present, .sound])
    }

    /// Runs a step at an object's own file. Where that cannot be done, why is noted, and the object is left as it is.
    private func attempt<R>(_ index: Int, _ body: () throws(StoreError) -> R) -> R? {
        let row = table.rows[index]
        return check.repairing(.object(row.digest, row.variant), body)
    }

    /// Runs a look at what a repair could be made of. One that cannot be looked at may hold the last copy.
    private func source<R: ~Copyable, E: MarkedError>(
        _ subject: Damage.Subject, _ body: () throws(E) -> R
    ) -> R? {
        do throws(E) {
            return try body()
        } catch {
            // What the disk has lost is no copy.
            guard error.saysNothing, !Self.isLoss(error) else { return nil }
            isAnySourceUnseen = true
            check.report.note([.init(subject, error)])
            return nil
        }
    }

    private static func isLoss(_ error: some Error) -> Bool {
        if let error = error as? SystemError { return error.isLossOfContent }
        guard let error = error as? StoreError, case .system(let cause) = error else { return false }
        return cause.isLossOfContent
    }

    /// Where only mode, owner or time are wrong, they are set on the file itself, and so in all trees at once.
    private func repairMetadata(_ index: Int) throws(StoreError) -> Bool {
        let row = table.rows[index]
        guard contents[index] == nil, try objects.fileSize(of: row.digest, row.variant) == row.size else {
            return false
        }
        if try objects.contentDigest(of: row.digest, row.variant, size: row.size) != row.digest {
            // It may be its mode that keeps it from being read.
            guard row.marks.contains(.present), try makeReadable(row),
                try objects.contentDigest(of: row.digest, row.variant, size: row.size) == row.digest
            else { return false }
        }
        try objects.repairMetadata(of: row.digest, row.variant)
        mark(index)
        return true
    }

    private func makeReadable(_ row: ObjectTable.Row) throws(StoreError) -> Bool {
        do throws(StoreError) {
            try objects.repairMetadata(of: row.digest, row.variant)
            return true
        } catch {
            if case .missingObject = error { return false }
            // What is no file has no mode to be mended.
            if objects.isUnreadable(error, row.digest, row.variant) || !error.saysNothing { return false }
            throw error
        }
    }

    /// Puts aside what damaged objects hold; an object of which that cannot be done is not among the open ones any more.
    /// - Returns: the names of files that hold something else that has a name, by what they hold.
    private func keep(_ open: inout [Int]) -> [ObjectID: BytePath] {
        var misplaced: [ObjectID: BytePath] = [:]
        var kept: [Int] = []
        let sizes = Set(open.map { table.rows[$0].size })
        for index in open {
            let row = table.rows[index]
            let isKept = attempt(index) { () throws(StoreError) in
                try objects.quarantine(row.digest, row.variant, in: aside())
            }
            guard let isKept else { continue }
            kept.append(index)
            guard isKept else { continue }
            let content = attempt(index) { () throws(StoreError) -> ObjectID? in
                if let known = contents[index] { return known }
                // Only what has the size of something that is missed may be that.
                guard let size = try objects.fileSize(of: row.digest, row.variant), sizes.contains(size) else {
                    return nil
                }
                return try objects.contentDigest(of: row.digest, row.variant, size: size)
            }
            if let content, let content { misplaced[content] = ObjectStore.fileName(of: row.digest, row.variant) }
        }
        open = kept
        return misplaced
    }

    /// Where damaged objects go.
    private func aside() throws(StoreError) -> Descriptor {
        do throws(SystemError) {
            return try check.aside.open(Self.keptName)
        } catch {
            throw .system(error)
        }
    }

    /// Takes the name away from a file that is not what it says. One that cannot be read keeps it: what it holds is not
    /// known, and it may be read again some day.
    /// - Returns: whether that was done.
    private func giveUp(_ index: Int) -> Bool {
        let row = table.rows[index]
        let isGone: Void? = attempt(index) { () throws(StoreError) in
            try objects.removeWrongObject(row.digest, row.variant, size: row.size)
        }
        return isGone != nil
    }

    /// Removes what was put aside and turned out to be a copy of an object that is whole.
    private func release(_ misplaced: [ObjectID: BytePath]) {
        guard check.aside.path != nil, let place = try? check.aside.open(Self.keptName) else { return }
        for (digest, name) in misplaced {
            let isKnown = table.indices(of: digest).contains { table.rows[$0].marks.contains(.sound) }
            // What stays there takes space, and that is all.
            if isKnown { try? place.unlink(name) }
        }
        check.aside.removeIfEmpty(Self.keptName)
    }

    /// Paths in trees on disk that should hold these contents.
    private func treeCopies(of digests: Set<ObjectID>) -> [ObjectID: [BytePath]] {
        var copies: [ObjectID: [BytePath]] = [:]
        if digests.isEmpty { return copies }
        for (place, tree) in check.records.trees {
            _ = source(.entry(place: place, path: "")) { () throws(StoreError) in
                try objects.readingTrees { lookup in
                    try collect(place, tree, digests, &copies, lookup)
                }
            }
        }
        return copies
    }

    private func collect(
        _ place: BytePath, _ tree: TreeID, _ digests: Set<ObjectID>, _ copies: inout [ObjectID: [BytePath]],
        _ lookup: TreeLookup
    ) throws {
        try TreeDifference.forEachEntry(of: tree, lookup) { directory, entry in
            guard case .regular(let digest, _) = entry.content, digests.contains(digest) else { return }
            copies[digest, default: []].append(place.appending(directory).appending(entry.name))
        }
    }

    // MARK: Copies at hand

    /// - Returns: what it was repaired from; nil where there is no good copy at hand.
    private func repairContent(
        _ index: Int, _ misplaced: [ObjectID: BytePath], _ copies: [ObjectID: [BytePath]]
    ) -> String? {
        let row = table.rows[index]
        var variants = table.indices(of: row.digest).filter { $0 != index && table.rows[$0].marks.contains(.present) }
            .map { table.rows[$0].variant }
        variants += orphans[row.digest] ?? []
        for variant in variants {
            let path = ObjectStore.path(of: row.digest, variant)
            if repair(index, from: path, below: check.root.moss) { return "from another variant" }
        }
        if let name = misplaced[row.digest], let path = check.aside.path,
            repair(index, from: path.appending(Self.keptName).appending(name), below: check.root.root)
        {
            return "from another object that held its bytes"
        }
        for path in copies[row.digest] ?? [] where repair(index, from: path, below: check.root.root) {
            return path.components.first?.elementsEqual("usr".utf8) == true ? "from the live tree" : "from a spare tree"
        }
        for path in kept[row.size] ?? [] where repair(index, from: path, below: check.root.moss) {
            return "from what an earlier repair put aside"
        }
        return repairGenerated(index) ? "from what it was made of" : nil
    }

    /// What repairs that were cut short put aside, by size, below `.moss`: the last copies of objects may be there.
    private static func keptFiles(_ root: RootDirectory) throws(InstallationError) -> [UInt64: [BytePath]] {
        var kept: [UInt64: [BytePath]] = [:]
        let keeper: BytePath = "lost+found"
        do throws(SystemError) {
            guard try root.moss.statusIfPresent(of: keeper) != nil else { return [:] }
            for check in try root.moss.openDirectory(keeper).entries() {
                let path = keeper.appending(check.name).appending(keptName)
                guard try root.moss.statusIfPresent(of: path)?.kind == .directory else { continue }
                let place = try root.moss.openDirectory(path)
                for entry in try place.entries() {
                    let status = try place.status(of: entry.name)
                    if status.kind == .regular { kept[status.size, default: []].append(path.appending(entry.name)) }
                }
            }
        } catch {
            throw .system(error.below(root.path.appending(".moss")))
        }
        return kept
    }

    private func repair(
        _ index: Int, from path: BytePath, below directory: borrowing Descriptor
    ) -> Bool {
        let row = table.rows[index]
        let raw = directory.raw
        let opened = source(.file(path)) { () throws(SystemError) -> Descriptor? in
            let file = try path.withCString { (path) throws(SystemError) in try SystemCalls.openFile(raw, path) }
            return try file.status().size == row.size ? consume file : nil
        }
        guard let opened, let file = opened else { return false }
        let isRepaired = source(.file(path)) { () throws(StoreError) in
            try objects.rewriteObject(row.digest, row.variant, size: row.size, from: file)
        }
        guard isRepaired == true else { return false }
        mark(index)
        return true
    }

    /// A file that the tools made themselves.
    private func repairGenerated(_ index: Int) -> Bool {
        let row = table.rows[index]
        guard !row.marks.contains(.recorded) else { return false }
        for state in check.records.states {
            let isRepaired = source(.stateFile(state.number)) { () throws(StoreError) in
                let made = try TreeGenerator(check.installation).content(row.digest, of: state.tree)
                guard let made else { return false }
                try objects.replaceObject(made, row.variant)
                return true
            }
            guard isRepaired == true else { continue }
            mark(index)
            return true
        }
        return false
    }

    // MARK: Collections

    /// Unpacks the stones of packages that have the objects, where a collection has them.
    private func fetch(_ open: [Int]) -> [(Int, String)] {
        guard !open.isEmpty else { return [] }
        let (manager, catalog) = (check.installation.collections, check.installation.catalog)
        let registry = source(.database) { () throws(RepositoryError) in try manager.registry() }
        guard let registry else { return [] }
        var waiting = Set(open)
        var repaired: [(Int, String)] = []
        let wanted = Set(open.map { table.rows[$0].digest })
        let packages = source(.database) { () throws(StoreError) in try catalog.packages(having: wanted) } ?? []
        for (package, digests) in packages {
            // Nothing to do where an earlier stone had all of it.
            guard waiting.contains(where: { digests.contains(table.rows[$0].digest) }) else { continue }
            guard let collection = unpack(package, registry) else { continue }
            for index in waiting where digests.contains(table.rows[index].digest) {
                let row = table.rows[index]
                let isRight = attempt(index) { () throws(StoreError) in
                    guard try objects.contentDigest(of: row.digest, row.variant, size: row.size) == row.digest
                    else { return false }
                    try objects.repairMetadata(of: row.digest, row.variant)
                    return true
                }
                guard isRight == true else { continue }
                mark(index)
                waiting.remove(index)
                repaired.append((index, "from collection \(collection)"))
            }
        }
        return repaired
    }

    /// - Returns: the collection that had the package; nil where none has.
    private func unpack(_ package: PackageID, _ registry: CollectionRegistry) -> String? {
        let installation = check.installation
        let unpacked = source(.manifest(package)) { () throws(InstallationError) -> String? in
            let offer = try InstallationError.collections { () throws(RepositoryError) in try registry.package(package)
            }
            guard let offer else { return nil }
            _ = try installation.stones.ingest(offer, registry, into: installation.ingester)
            return offer.collection.text
        }
        return unpacked ?? nil
    }
}
