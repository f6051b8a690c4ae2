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

/// Encoded little-endian: u32 format (3), u64 number, u64 parent, i64 created, 16 bytes tree, four u64 totals,
/// u32 length and bytes of the summary, u32 count of redirects with u32 length and bytes each, u32 count of generated
/// entries with the directory's u32 length and bytes, the entry record's, the maker's, and u32 count of sources with u32
/// length and bytes each, u32 count of selections with 32 bytes and a flag byte each. In format 2 generated entries have
/// no maker and no sources, format 1 has none. The same bytes are the state's file in `.moss/states`, so a state is written
/// again in the format it was read in.
extension State: BucketValue {
    private static let format: UInt32 = 3
    private static let formatWithoutOrigins: UInt32 = 2
    private static let formatWithoutGenerated: UInt32 = 1

    private var ownFormat: UInt32 {
        guard let generated else { return Self.formatWithoutGenerated }
        return generated.contains { $0.origin != nil } ? Self.format : Self.formatWithoutOrigins
    }

    package func encode(into bytes: inout [UInt8]) {
        var writer = RecordWriter()
        let format = ownFormat
        writer.put(format)
        writer.put(number)
        writer.put(parent)
        writer.put(UInt64(bitPattern: created))
        writer.put(tree)
        for total in [totals.directories, totals.files, totals.symlinks, totals.bytes] { writer.put(total) }
        writer.put(Array(summary.utf8))
        writer.put(UInt32(redirects.count))
        for redirect in redirects { writer.put(redirect.bytes) }
        if let generated {
            writer.put(UInt32(generated.count))
            for entry in generated { entry.encode(into: &writer, withOrigin: format == Self.format) }
        }
        writer.put(UInt32(selections.count))
        for selection in selections {
            writer.bytes += selection.package.bytes
            writer.bytes.append(selection.isExplicit ? 1 : 0)
        }
        bytes += writer.bytes
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        var reader = RecordReader(bytes)
        let format = try reader.integer(UInt32.self)
        guard (Self.formatWithoutGenerated...Self.format).contains(format) else {
            throw DecodingFailure("unknown state format")
        }
        number = try reader.integer()
        parent = try reader.integer()
        guard Self.numbers.contains(number), parent < number else {
            throw DecodingFailure("state \(number), made from state \(parent)")
        }
        created = Int64(bitPattern: try reader.integer())
        tree = try reader.tree()
        totals = TreeTotals(
            directories: try reader.integer(), files: try reader.integer(), symlinks: try reader.integer(),
            bytes: try reader.integer())
        summary = String(decoding: try reader.counted(), as: UTF8.self)
        var redirects: [BytePath] = []
        for _ in 0..<(try reader.integer(UInt32.self)) {
            redirects.append(BytePath(bytes: Array(try reader.counted())))
        }
        self.redirects = redirects
        generated =
            format == Self.formatWithoutGenerated
            ? nil : try Self.generated(&reader, withOrigins: format == Self.format)
        let count = Int(try reader.integer(UInt32.self))
        guard count == reader.remaining / 33, reader.remaining % 33 == 0 else {
            throw DecodingFailure("a state of \(count) packages in \(reader.remaining) bytes")
        }
        var selections: [Selection] = []
        selections.reserveCapacity(count)
        for _ in 0..<count {
            let package = PackageID(bytes: try reader.take(PackageID.byteCount))
            selections.append(Selection(package: package, isExplicit: try reader.integer(UInt8.self) != 0))
        }
        self.selections = selections
    }

    private static func generated(
        _ reader: inout RecordReader, withOrigins: Bool
    ) throws -> [GeneratedEntry] {
        var generated: [GeneratedEntry] = []
        for _ in 0..<(try reader.integer(UInt32.self)) {
            generated.append(try GeneratedEntry(from: &reader, withOrigin: withOrigins))
        }
        return generated
    }
}
