import BytePath
import FileTree
import Installation
import Maintenance
import ObjectStore
import PackageModel
import States
import TestSupport
import Testing

/// The rows that a check of records finds for the files of trees are those of their objects, also where an object without
/// a record, as os-release is one, gives the table more rows afterwards.
struct FileRowsTests {
    @Test func everyFileHasTheRowOfItsObject() throws {
        try withInstallationScratch { scratch in
            let names = (0..<8).map { "p\($0)" }
            for name in names { try scratch.publish(sample(name)) }
            try scratch.apply(.install(names))
            try scratch.changing { installation in
                let state = try #require(try installation.activeState())
                let root = RecordCheck.Root(
                    number: state.number, tree: state.tree, packages: state.selections.map(\.package))
                let check = try RecordCheck(installation.catalog, roots: [root], others: [state.tree], chosen: nil)
                var found = 0
                var without: [BytePath] = []
                try installation.objects.readingTrees { lookup in
                    var pending = [(path: BytePath(""), tree: state.tree)]
                    while let (path, tree) = pending.popLast() {
                        let directory = try Directory(lookup(tree), id: tree)
                        let known = check.files.rows(of: tree)
                        var rows = try #require(known)
                        for entry in try directory.entries() {
                            switch entry.content {
                            case .directory(let tree): pending.append((path.appending(entry.name), tree))
                            case .regular(let id, let size) where size > 0:
                                let next = rows.popFirst()
                                let row = try #require(next)
                                if row == FileRows.none {
                                    without.append(path.appending(entry.name))
                                } else {
                                    #expect(check.table.rows[Int(row)].digest == id)
                                    found += 1
                                }
                            case .regular, .symlink: break
                            }
                        }
                    }
                }
                #expect(found >= names.count)
                #expect(without == ["lib/os-release"])
            }
        }
    }
}
