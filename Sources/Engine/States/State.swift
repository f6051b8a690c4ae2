package import BytePath
internal import Digests
package import FileTree
package import PackageModel
internal import Storage

/// Number, packages and tree of one state; complete by itself.
package struct State: Hashable, Sendable {
    /// From 1, never used twice.
    package let number: UInt64
    /// What a state's number can be. Whoever reads one from a file takes others for damage: counting on from them would
    /// end in nothing.
    package static let numbers: ClosedRange<UInt64> = 1...(1 << 62)

    /// `number`, unless no state can have it.
    package static func number(_ number: UInt64) -> UInt64? { numbers.contains(number) ? number : nil }

    /// The state that was active when this one was made, which has a lower number; 0 for none.
    package let parent: UInt64
    /// Seconds since 1970.
    package let created: Int64
    /// What made it: `install nano`.
    package let summary: String
    package let tree: TreeID
    package let totals: TreeTotals
    /// Links that files of other packages were moved through.
    package let redirects: [BytePath]
    /// Ascending by package.
    package let selections: [Selection]
    /// What was made of the tree composed of the packages and put into it, in this order: all that a tree has and no
    /// package says. Nil for states of before this was noted.
    package let generated: [GeneratedEntry]?

    package init(
        number: UInt64, parent: UInt64, created: Int64, summary: String, tree: TreeID, totals: TreeTotals,
        redirects: [BytePath], selections: [Selection], generated: [GeneratedEntry]? = []
    ) {
        self.number = number
        self.parent = parent
        self.created = created
        self.summary = summary
        self.tree = tree
        self.totals = totals
        self.redirects = redirects
        self.selections = selections.sorted { $0.package < $1.package }
        self.generated = generated
    }

    /// Whether the package is in the state; logarithmic.
    package func contains(_ package: PackageID) -> Bool { selection(of: package) != nil }

    package func selection(of package: PackageID) -> Selection? {
        var low = 0
        var high = selections.count
        while low < high {
            let middle = (low + high) / 2
            if selections[middle].package < package { low = middle + 1 } else { high = middle }
        }
        return low < selections.count && selections[low].package == package ? selections[low] : nil
    }
}

/// Number, parent, time, tree and totals; the summary; redirects; a flag and, where it is known what was generated, that;
/// then the selections. The same bytes are the state's file in `.moss/states`.
///
/// Records and files of before version 4 are read as they are: three bytes 0 follow the version, generated entries come
/// without the flag, and have no maker and no sources in version 2. Version 1 has none.
extension State: BucketValue {
    private static let versions: ClosedRange<UInt8> = 1...4
    private static let versionWithOrigins: UInt8 = 3
    private static let versionWithGenerated: UInt8 = 2

    package func encode(into bytes: inout [UInt8]) {
        RecordWriter.append(to: &bytes, version: Self.versions.upperBound) { writer in
            writer.put(number)
            writer.put(parent)
            writer.put(created)
            writer.put(tree)
            for total in [totals.directories, totals.files, totals.symlinks, totals.bytes] { writer.put(total) }
            writer.put(summary)
            writer.put(redirects)
            writer.put(generated != nil)
            if let generated {
                writer.put(UInt32(generated.count))
                for entry in generated { entry.encode(into: &writer) }
            }
            writer.put(UInt32(selections.count))
            for selection in selections {
                writer.put(selection.package)
                writer.put(selection.isExplicit)
            }
        }
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        var reader = try RecordReader(bytes, "state record", versions: Self.versions)
        let isFormer = reader.version < Self.versions.upperBound
        if isFormer, !(try reader.take(3).allSatisfy { $0 == 0 }) { throw reader.failure("no such version") }
        number = try reader.integer()
        parent = try reader.integer()
        guard Self.numbers.contains(number), parent < number else {
            throw reader.failure("state \(number), made from state \(parent)")
        }
        created = try reader.integer()
        tree = try reader.tree()
        totals = TreeTotals(
            directories: try reader.integer(), files: try reader.integer(), symlinks: try reader.integer(),
            bytes: try reader.integer())
        summary = try reader.text()
        redirects = try reader.paths()
        let saysGenerated = isFormer ? reader.version >= Self.versionWithGenerated : try reader.flag()
        generated = saysGenerated ? try Self.generated(&reader) : nil
        let count = try reader.count(ofAtLeast: PackageID.byteCount + 1)
        var selections: [Selection] = []
        selections.reserveCapacity(count)
        for _ in 0..<count {
            selections.append(Selection(package: try reader.package(), isExplicit: try reader.flag()))
        }
        self.selections = selections
        try reader.finish()
    }

    private static func generated(_ reader: inout RecordReader) throws(DecodingFailure) -> [GeneratedEntry] {
        var generated: [GeneratedEntry] = []
        for _ in 0..<(try reader.count(ofAtLeast: 8)) {
            let entry = try GeneratedEntry(from: &reader)
            let isWithOrigin =
                reader.version >= versions.upperBound ? try reader.flag() : reader.version >= versionWithOrigins
            generated.append(isWithOrigin ? try entry.withOrigin(from: &reader) : entry)
        }
        return generated
    }
}
