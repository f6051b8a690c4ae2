package import Digests
package import FileTree
internal import Synchronization

/// Every object that should be there, variant by variant, and what looking at it has shown.
///
/// Rows ascend by digest, so a shard's rows stand together.
package final class ObjectTable: @unchecked Sendable {
    package struct Row {
        package let digest: Digest128
        package let variant: EntryMetadata
        package let size: UInt64
        /// Of the file that was found; 0 without one.
        package var inode: UInt64 = 0
        package var marks: Marks = []
    }

    package struct Marks: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The database has a record of it.
        package static let recorded = Marks(rawValue: 1)
        /// A package or a state's tree needs it.
        package static let needed = Marks(rawValue: 2)
        /// There is a file of its name and of the right kind.
        package static let present = Marks(rawValue: 4)
        /// Something is wrong with it.
        package static let bad = Marks(rawValue: 8)
        /// Its bytes were hashed and are right.
        package static let sound = Marks(rawValue: 16)
        /// It belongs to what is being checked.
        package static let chosen = Marks(rawValue: 32)
        /// Its file's kind, size, mode, owner and time were looked at.
        package static let examined = Marks(rawValue: 64)
    }

    /// Threads write to different rows; everything else happens before and after.
    package let rows: UnsafeMutableBufferPointer<Row>
    /// Where the rows of each value of a digest's first bits begin, and the end. There are about as many values as rows,
    /// so that a look-up, of which there is one for every file of every tree, mostly touches no other row.
    private let starts: [Int32]
    private let shift: UInt64

    /// - Parameter sorted: ascending by digest, mode, uid and gid.
    package init(sorted: [Row]) {
        rows = .allocate(capacity: sorted.count)
        _ = rows.initialize(from: sorted)
        let bits = max(1, min(24, UInt64(Int.bitWidth - sorted.count.leadingZeroBitCount)))
        shift = 64 - bits
        var starts: [Int32] = []
        starts.reserveCapacity((1 << Int(bits)) + 1)
        var next = 0
        for prefix in 0..<(UInt64(1) << bits) {
            while next < sorted.count, sorted[next].digest.high >> shift < prefix { next += 1 }
            starts.append(Int32(next))
        }
        starts.append(Int32(sorted.count))
        self.starts = starts
    }

    deinit {
        rows.deinitialize().deallocate()
    }

    package var count: Int { rows.count }

    /// The rows of a digest's variants.
    package func indices(of digest: Digest128) -> Range<Int> {
        let (first, limit) = bounds(of: digest)
        var low = first
        while low < limit, rows[low].digest < digest { low += 1 }
        var end = low
        while end < limit, rows[end].digest == digest { end += 1 }
        return low..<end
    }

    package func index(of digest: Digest128, _ variant: EntryMetadata) -> Int? {
        let (low, limit) = bounds(of: digest)
        for index in low..<limit where rows[index].digest == digest && rows[index].variant == variant { return index }
        return nil
    }

    private func bounds(of digest: Digest128) -> (low: Int, limit: Int) {
        let prefix = Int(digest.high >> shift)
        return (Int(starts[prefix]), Int(starts[prefix + 1]))
    }

    /// This table with more rows.
    func adding(_ more: [Row]) -> ObjectTable {
        var all = Array(rows) + more
        all.sort(by: Row.precedes)
        return ObjectTable(sorted: all)
    }
}

extension ObjectTable.Row {
    static func precedes(_ left: Self, _ right: Self) -> Bool {
        if left.digest != right.digest { return left.digest < right.digest }
        let (one, other) = (left.variant, right.variant)
        return (one.mode, one.uid, one.gid) < (other.mode, other.uid, other.gid)
    }
}
