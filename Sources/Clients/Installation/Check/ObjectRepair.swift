internal import BytePath
internal import ContentStore
internal import Digests
internal import FileTree
internal import LinuxSystem
internal import PackageModel
internal import Repositories
internal import States

/// Puts damaged objects right: one after the other from what is at hand, then package by package from collections.
struct ObjectRepair {
    struct Key: Hashable {
        let digest: Digest128
        let variant: EntryMetadata
    }

    private static let keptName: BytePath = "objects"

    private let check: RootCheck
    private let contents: [Int: Digest128]
    /// Files in the store that nobody needs.
    private let orphans: [Digest128: [EntryMetadata]]
    private let kept: [UInt64: [BytePath]]
    private var store: ContentStore { check.installation.store }
    private var table: ObjectTable { check.records.table }

    init(_ check: RootCheck, _ found: RootCheck.ObjectDamage, litter: [Damage]) {
        self.check = check
        contents = found.contents
        var orphans: [Digest128: [EntryMetadata]] = [:]
        for item in litter + check.records.damage {
            if case .object(let digest, let variant) = item.subject { orphans[digest, default: []].append(variant) }
        }
        self.orphans = orphans
        kept = check.records.table.rows.contains { $0.marks.contains(.bad) } ? Self.keptFiles(check.root) : [:]
    }

    /// - Returns: what became of each object that something was wrong with.
    func run() -> [Key: CheckReport.Finding.Outcome] {
        var outcomes: [Key: CheckReport.Finding.Outcome] = [:]
        var open: [Int] = []
        for index in table.rows.indices where table.rows[index].marks.contains(.bad) {
            store.unlockObject(table.rows[index].digest, table.rows[index].variant)
            if mendMetadata(index) {
                outcomes[key(index)] = .repaired("from its own bytes")
            } else {
                open.append(index)
            }
        }
        var misplaced = keep(open)
        // Names are about to change hands; what was put aside may be the last copy, and stays until what is made of it
        // is on disk.
        if !open.isEmpty, (try? check.settle()) == nil { misplaced = [:] }
        let copies = treeCopies(of: Set(open.map { table.rows[$0].digest }))
        for index in open {
            if let source = mendContent(index, misplaced, copies) { outcomes[key(index)] = .repaired(source) }
            check.progress(.advanced(.repairing, by: 1))
        }
        open.removeAll { outcomes[key($0)] != nil }
        for (index, source) in fetch(open) { outcomes[key(index)] = .repaired(source) }
        open.removeAll { outcomes[key($0)] != nil }
        for index in open {
            // Whatever still has the name is not what the name says.
            try? store.removeObject(table.rows[index].digest, table.rows[index].variant)
            outcomes[key(index)] = .lost
        }
        if !misplaced.isEmpty, (try? check.settle()) != nil { release(misplaced) }
        return outcomes
    }

    private func key(_ index: Int) -> Key { Key(digest: table.rows[index].digest, variant: table.rows[index].variant) }

    private func mark(_ index: Int) {
        table.rows[index].marks.remove(.bad)
        table.rows[index].marks.insert([.present, .sound])
    }

    /// Where only mode, owner or time are wrong, they are set on the file itself, and so in all trees at once.
    private func mendMetadata(_ index: Int) -> Bool {
        let row = table.rows[index]
        guard contents[index] == nil, store.contentDigest(of: row.digest, row.variant) == row.digest,
            (try? store.mendMetadata(of: row.digest, row.variant)) != nil
        else { return false }
        mark(index)
        return true
    }

    /// Puts aside what damaged objects hold.
    /// - Returns: the names of files that hold something else that has a name, by what they hold.
    private func keep(_ open: [Int]) -> [Digest128: BytePath] {
        var misplaced: [Digest128: BytePath] = [:]
        for index in open {
            let row = table.rows[index]
            guard let place = try? check.aside.open(Self.keptName),
                (try? store.putAside(row.digest, row.variant, in: place)) == true
            else { continue }
            let content = contents[index] ?? store.contentDigest(of: row.digest, row.variant)
            if let content { misplaced[content] = ContentStore.fileName(of: row.digest, row.variant) }
        }
        return misplaced
    }

    /// Removes what was put aside and turned out to be a copy of an object that is whole.
    private func release(_ misplaced: [Digest128: BytePath]) {
        guard check.aside.path != nil, let place = try? check.aside.open(Self.keptName) else { return }
        for (digest, name) in misplaced {
            let isKnown = table.indices(of: digest).contains { table.rows[$0].marks.contains(.sound) }
            if isKnown { try? place.unlink(name) }
        }
        check.aside.removeIfEmpty(Self.keptName)
    }

    /// Paths in trees on disk that should hold these contents.
    private func treeCopies(of digests: Set<Digest128>) -> [Digest128: [BytePath]] {
        var copies: [Digest128: [BytePath]] = [:]
        if digests.isEmpty { return copies }
        for (place, tree) in check.records.trees {
            try? store.readingTrees { lookup in
                try TreeDifference.forEachEntry(of: tree, lookup) { directory, entry in
                    guard case .regular(let digest, _) = entry.content, digests.contains(digest) else { return }
                    copies[digest, default: []].append(place.appending(directory).appending(entry.name))
                }
            }
        }
        return copies
    }

    // MARK: Copies at hand

    /// - Returns: what it was repaired from; nil where there is no good copy at hand.
    private func mendContent(
        _ index: Int, _ misplaced: [Digest128: BytePath], _ copies: [Digest128: [BytePath]]
    ) -> String? {
        let row = table.rows[index]
        var variants = table.indices(of: row.digest).filter { $0 != index && table.rows[$0].marks.contains(.present) }
            .map { table.rows[$0].variant }
        variants += orphans[row.digest] ?? []
        for variant in variants {
            let path = ContentStore.path(of: row.digest, variant)
            if mend(index, from: path, below: check.root.moss) { return "from another variant" }
        }
        if let name = misplaced[row.digest], let place = try? check.aside.open(Self.keptName),
            mend(index, from: name, below: place)
        {
            return "from another object that held its bytes"
        }
        for path in copies[row.digest] ?? [] where mend(index, from: path, below: check.root.root) {
            return path.components.first?.elementsEqual("usr".utf8) == true ? "from the live tree" : "from a spare tree"
        }
        for path in kept[row.size] ?? [] where mend(index, from: path, below: check.root.moss) {
            return "from what an earlier repair put aside"
        }
        return mendGenerated(index) ? "from what it was made of" : nil
    }

    /// What repairs that were cut short put aside, by size, below `.moss`: the last copies of objects may be there.
    private static func keptFiles(_ root: RootDirectory) -> [UInt64: [BytePath]] {
        var kept: [UInt64: [BytePath]] = [:]
        let keeper: BytePath = "lost+found"
        for check in (try? root.moss.openDirectory(keeper).entries()) ?? [] {
            let path = keeper.appending(check.name).appending(keptName)
            guard let place = try? root.moss.openDirectory(path) else { continue }
            for entry in (try? place.entries()) ?? [] {
                guard let status = try? place.status(of: entry.name), status.kind == .regular else { continue }
                kept[status.size, default: []].append(path.appending(entry.name))
            }
        }
        return kept
    }

    private func mend(_ index: Int, from path: BytePath, below directory: borrowing Descriptor) -> Bool {
        let row = table.rows[index]
        guard let file = try? directory.open(path, [.noFollow, .nonBlocking]),
            let status = try? file.status(), status.kind == .regular, status.size == row.size,
            (try? store.mendObject(row.digest, row.variant, from: file)) == true
        else { return false }
        mark(index)
        return true
    }

    /// A file that the tools made themselves.
    private func mendGenerated(_ index: Int) -> Bool {
        let row = table.rows[index]
        guard !row.marks.contains(.recorded) else { return false }
        for state in check.records.states {
            guard let text = try? check.installation.releaseText(of: state.tree, .empty),
                Digest128(hashing: text) == row.digest
            else { continue }
            guard (try? store.replaceObject(text, row.variant)) != nil else { return false }
            mark(index)
            return true
        }
        return false
    }

    // MARK: Collections

    /// Unpacks the stones of packages that have the objects, where a collection has them.
    private func fetch(_ open: [Int]) -> [(Int, String)] {
        guard !open.isEmpty, let registry = try? check.installation.collections.registry() else { return [] }
        var waiting = Set(open)
        var repaired: [(Int, String)] = []
        let packages = (try? store.packages(having: Set(open.map { table.rows[$0].digest }))) ?? []
        for (package, digests) in packages {
            // Nothing to do where an earlier stone had all of it.
            guard waiting.contains(where: { digests.contains(table.rows[$0].digest) }) else { continue }
            guard let offer = try? registry.package(package), let stone = try? check.installation.open(offer, registry)
            else { continue }
            guard (try? store.ingest(stone.path, stone.file, expecting: package)) != nil else { continue }
            for index in waiting where digests.contains(table.rows[index].digest) {
                let row = table.rows[index]
                guard store.contentDigest(of: row.digest, row.variant) == row.digest else { continue }
                try? store.mendMetadata(of: row.digest, row.variant)
                mark(index)
                waiting.remove(index)
                repaired.append((index, "from collection \(offer.collection.text)"))
            }
        }
        return repaired
    }
}
