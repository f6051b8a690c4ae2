internal import FileTree
package import PackageModel

/// Which row of an ``ObjectTable`` each file of a directory is, for the directories that a check of records has read.
///
/// Found in the order of the table, once for all trees that share a directory; a look at trees on disk then needs none of
/// the table's keys.
package struct FileRows: Sendable {
    /// Of a file that has no row.
    package static let none: Int32 = -1

    private var starts: [TreeID: Int] = [:]
    private var rows: [Int32] = []

    package init() {}

    /// The rows of the directory's files that are not empty, in its order; nil of one that was not read whole.
    package func rows(of tree: TreeID) -> ArraySlice<Int32>? {
        starts[tree].map { rows[$0...] }
    }

    /// Where the next file's row will stand.
    var end: Int { rows.count }

    /// - Returns: the place of its row, which is to be set.
    mutating func addFile() -> Int {
        rows.append(Self.none)
        return rows.count - 1
    }

    /// Says that the files from `start` on are all of those of `tree`.
    mutating func addDirectory(_ tree: TreeID, from start: Int) {
        starts[tree] = start
    }

    mutating func set(_ file: Int, row: Int) {
        rows[file] = Int32(row)
    }

    /// Says where in a larger table each row of the table before is.
    mutating func move(to places: [Int32]) {
        for file in rows.indices where rows[file] != Self.none { rows[file] = places[Int(rows[file])] }
    }
}
