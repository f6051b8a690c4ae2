internal import Digests
internal import FileTree
package import ObjectStore
package import PackageCatalog
package import PackageModel
internal import Storage

/// Holds the store's records against each other: what names what, and whether that is there.
///
/// Call it only on a database whose pages were found sound.
package struct RecordCheck {
    /// What a state needs.
    package struct Root: Sendable {
        package let number: UInt64
        package let tree: TreeID
        package let packages: [PackageID]

        package init(number: UInt64, tree: TreeID, packages: [PackageID]) {
            self.number = number
            self.tree = tree
            self.packages = packages
        }
    }

    package private(set) var damage: [Damage] = []
    package private(set) var table = ObjectTable(sorted: [])
    package private(set) var packages: [PackageID] = []
    /// Which rows the files of all directories are.
    package private(set) var files = FileRows()
    private let catalog: PackageCatalog
    private var objects: ObjectStore { catalog.objects }
    private var reached: Set<TreeID> = []
    /// Objects without a record that are needed all the same.
    private var unrecorded: [ObjectID: [EntryMetadata: UInt64]] = [:]
    private var needs = NeededObjects()
    /// How far the reading was when each damage was found: looking up what is needed comes later, in an order of its own.
    private var places: [Int] = []

    /// Looks at everything.
    ///
    /// - Parameters:
    ///   - roots: all states.
    ///   - others: trees on disk that no state may have any more; only their directories are needed.
    ///   - chosen: marks what this state needs as chosen; nil chooses everything.
    package init(
        _ catalog: PackageCatalog, roots: [Root], others: [TreeID], chosen: UInt64?
    ) throws(StoreError) {
        self.catalog = catalog
        try objects.reading { (transaction) throws(StoreError) in
            do {
                try read(transaction, roots, others, chosen)
            } catch {
                throw StoreError(error)
            }
        }
        let order = damage.indices.sorted { (places[$0], $0) < (places[$1], $1) }
        damage = order.map { damage[$0] }
        for index in table.rows.indices where !table.rows[index].marks.contains(.needed) {
            let row = table.rows[index]
            add(.object(row.digest, row.variant), .orphan, "no package needs it")
        }
    }

    /// The view may run again; each time from the start.
    private mutating func read(
        _ transaction: borrowing ReadTransaction, _ roots: [Root], _ others: [TreeID], _ chosen: UInt64?
    ) throws {
        (damage, reached, unrecorded, packages) = ([], [], [:], [])
        (needs, places, chosenUnrecorded) = (NeededObjects(), [], [])
        files = FileRows()
        try readObjects(transaction)
        try readPackages(transaction, all: chosen == nil)
        for root in roots {
            let isChosen = chosen == nil || chosen == root.number
            for package in root.packages where !known.contains(package) {
                add(.stateFile(root.number), .dangling, "package \(package) has no record")
            }
            try readTree(root.tree, transaction, isChosen: isChosen, needsContent: true)
        }
        for tree in others { try readTree(tree, transaction, isChosen: false, needsContent: false) }
        lookUpNeeds()
        addUnrecorded()
    }

    private var known: Set<PackageID> = []

    private mutating func add(
        _ subject: Damage.Subject, _ problem: Damage.Problem, _ detail: String = "", at place: Int? = nil
    ) {
        damage.append(Damage(subject, problem, detail))
        places.append(place ?? needs.total)
    }

    // MARK: Objects

    private mutating func readObjects(_ transaction: borrowing ReadTransaction) throws {
        var rows: [ObjectTable.Row] = []
        rows.reserveCapacity(try transaction.count(in: ObjectBuckets.objects))
        var cursor = try transaction.cursor(in: ObjectBuckets.objects)
        while try cursor.advance() {
            do throws(DatabaseError) {
                let digest = try cursor.key()
                let bytes = try cursor.valueBytes()
                let start = rows.count
                let failure = bytes.withUnsafeBytes { Self.append($0, digest, to: &rows) }
                guard failure == nil, rows.count > start else {
                    rows.removeSubrange(start...)
                    add(.record(bucket: "objects", key: digest.bytes), .damaged, failure?.description ?? "")
                    continue
                }
                if rows.count > start + 1 { rows[start...].sort(by: ObjectTable.Row.precedes) }
            } catch {
                guard error.code == .recordDamaged, let key = error.key else { throw error }
                add(.record(bucket: "objects", key: key), .damaged, error.detail)
            }
        }
        table = ObjectTable(sorted: rows)
    }

    /// The rows of a record.
    /// - Returns: what is wrong with it.
    private static func append(
        _ bytes: UnsafeRawBufferPointer, _ digest: ObjectID, to rows: inout [ObjectTable.Row]
    ) -> DecodingFailure? {
        do throws(DecodingFailure) {
            try ObjectRecord.read(bytes) { size, variant, _ in
                guard let variant else { return }
                rows.append(ObjectTable.Row(digest: digest, variant: variant, size: size, marks: .recorded))
            }
            return nil
        } catch {
            return error
        }
    }

    /// Gives what is needed without a record rows of their own: files that the tools made.
    private mutating func addUnrecorded() {
        guard !unrecorded.isEmpty else { return }
        var rows: [ObjectTable.Row] = []
        for (digest, variants) in unrecorded {
            for (variant, size) in variants {
                let marks: ObjectTable.Marks = chosenUnrecorded.contains(digest) ? [.needed, .chosen] : .needed
                rows.append(ObjectTable.Row(digest: digest, variant: variant, size: size, marks: marks))
            }
        }
        table = table.adding(rows)
        // The others keep their order.
        files.move(to: table.rows.indices.filter { table.rows[$0].marks.contains(.recorded) }.map(Int32.init))
    }

    private var chosenUnrecorded: Set<ObjectID> = []

    private mutating func need(
        _ record: EntryRecord, isChosen: Bool, isNeeded: Bool = true, package: Int? = nil, file: Int? = nil
    ) {
        if record.size == 0 { return }
        needs.add(
            record.object, objects.effective(record.metadata), record.size, isChosen: isChosen, isNeeded: isNeeded,
            package: package, file: file)
        if needs.isFull { lookUpNeeds() }
    }

    /// Marks objects as needed.
    private mutating func lookUpNeeds() {
        for need in needs.takeInOrderOfDigests() {
            guard let index = table.index(of: need.digest, need.variant) else {
                guard need.isNeeded else { continue }
                unrecorded[need.digest, default: [:]][need.variant] = need.size
                if need.isChosen { chosenUnrecorded.insert(need.digest) }
                if need.package >= 0 { needs.incomplete.insert(Int(need.package)) }
                continue
            }
            if need.file >= 0 { files.set(need.file, row: index) }
            guard need.isNeeded else { continue }
            if table.rows[index].size != need.size {
                add(
                    .record(bucket: "objects", key: need.digest.bytes), .wrongSize, "\(need.size) bytes are needed",
                    at: need.place)
            }
            table.rows[index].marks.formUnion(need.isChosen ? [.needed, .chosen] : .needed)
        }
    }

    // MARK: Packages

    private mutating func readPackages(_ transaction: borrowing ReadTransaction, all: Bool) throws {
        var cursor = try transaction.cursor(in: PackageBuckets.packages)
        while try cursor.advance() {
            do throws(DatabaseError) {
                let id = try cursor.key()
                packages.append(id)
                _ = try cursor.valueBytes()
            } catch {
                guard error.code == .recordDamaged, let key = error.key else { throw error }
                add(.record(bucket: "packages", key: key), .damaged, error.detail)
            }
        }
        known = Set(packages)
        // Of layouts that can be read.
        var ends: [Int: Int] = [:]
        for (number, id) in packages.enumerated() {
            do throws(StoreError) {
                try readLayout(try catalog.layoutBytes(of: id, in: transaction), number, isChosen: all)
                ends[number] = needs.total
            } catch {
                switch error {
                case .unknownPackage: add(.record(bucket: "layouts", key: id.bytes), .missing)
                case .database(let error):
                    guard error.code == .recordDamaged else { throw error }
                    add(.record(bucket: "layouts", key: id.bytes), .damaged, error.detail)
                default: add(.record(bucket: "layouts", key: id.bytes), .damaged, "\(error)")
                }
            }
        }
        lookUpNeeds()
        for number in needs.incomplete.sorted() {
            guard let end = ends[number] else { continue }
            let id = packages[number]
            add(
                .record(bucket: "layouts", key: id.bytes), .dangling, "objects of package \(id) have no record", at: end
            )
        }
        var layouts = try transaction.cursor(in: PackageBuckets.layouts)
        while let id = try layouts.nextKey() { addIfUnknown(id, "layouts") }
        var manifests = try transaction.cursor(in: PackageBuckets.manifests)
        while let id = try manifests.nextKey() { addIfUnknown(id, "manifests") }
    }

    private mutating func addIfUnknown(_ id: PackageID, _ bucket: String) {
        if known.contains(id) { return }
        add(.record(bucket: bucket, key: id.bytes), .dangling, "of a package without a record")
    }

    private mutating func readLayout(
        _ bytes: UnsafeRawBufferPointer, _ package: Int, isChosen: Bool
    ) throws(StoreError) {
        do throws(TreeError) {
            var groups = try LayoutGroups(bytes)
            while let group = try groups.next() {
                var records = group.records
                while let record = try records.next() {
                    if record.kind == .regular { need(record, isChosen: isChosen, package: package) }
                }
            }
        } catch {
            throw .tree(error)
        }
    }

    // MARK: Trees

    private mutating func readTree(
        _ root: TreeID, _ transaction: borrowing ReadTransaction, isChosen: Bool, needsContent: Bool
    ) throws {
        var pending = [root]
        // What is chosen must be walked whole, though other states share parts of it.
        var walked: Set<TreeID> = []
        while let tree = pending.popLast() {
            guard isChosen ? walked.insert(tree).inserted : !reached.contains(tree) else { continue }
            let isNew = reached.insert(tree).inserted
            let start = files.end
            do throws(TreeError) {
                let bytes = try ObjectStore.directory(tree, in: transaction)
                guard TreeID(hashing: bytes) == tree else { throw .damaged(tree) }
                var cursor = try Directory(bytes, id: tree).cursor
                while let record = try cursor.next() {
                    switch record.kind {
                    case .directory: pending.append(record.tree)
                    case .regular:
                        let file = isNew && record.size > 0 ? files.addFile() : nil
                        need(record, isChosen: isChosen, isNeeded: needsContent, file: file)
                    case .symlink: break
                    }
                }
                if isNew { files.addDirectory(tree, from: start) }
            } catch {
                if case .unreadable = error { throw StoreError.tree(error) }
                guard isNew else { continue }
                let isMissing = if case .missing = error { true } else { false }
                add(.record(bucket: "trees", key: tree.bytes), isMissing ? .missing : .damaged)
            }
        }
    }
}
