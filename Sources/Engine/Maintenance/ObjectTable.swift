internal import Digests
package import FileTree
package import PackageModel

/// Every object that should be there, variant by variant, and what looking at it has shown.
///
/// Rows ascend by digest, so a shard's rows stand together.
package final class ObjectTable: @unchecked Sendable {
    package struct Row {
        package let digest: ObjectID
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
        /// It could not be looked at: nothing is known of its file.
        package static let unseen = Marks(rawValue: 128)
    }

    /// What rows are found by, so that a look-up reads nothing that another thread may write.
    private struct Key {
        let digest: ObjectID
        let variant: EntryMetadata
    }

    /// Threads write to different rows; everything else happens before and after.
    package let rows: UnsafeMutableBufferPointer<Row>
    /// Where the rows of each value of a digest's first bits begin, and the end. There are about as many values as rows,
    /// so that a look-up, of which there is one for every file of every tree, mostly touches no other row.
    private let starts: [Int32]
    private let shift: UInt64
    private let keys: [Key]

    /// - Parameter sorted: ascending by digest, mode, uid and gid.
    package init(sorted: [Row]) {
        rows = .allocate(capacity: sorted.count)
        _ = rows.initialize(from: sorted)
        keys = sorted.map { Key(digest: $0.digest, variant: $0.variant) }
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
    package func indices(of digest: ObjectID) -> Range<Int> {
        let low = firstIndex(of: digest)
        var end = low
        while end < keys.count, keys[end].digest == digest { end += 1 }
        return low..<end
    }

    package func index(of digest: ObjectID, _ variant: EntryMetadata) -> Int? {
        var index = firstIndex(of: digest)
        while index < keys.count, keys[index].digest == digest {
            if keys[index].variant == variant { return index }
            index += 1
        }
        return nil
    }

    /// The first row that is not before the digest's.
    private func firstIndex(of digest: ObjectID) -> Int {
        let prefix = Int(digest.high >> shift)
        var low = Int(starts[prefix])
        var high = Int(starts[prefix + 1])
        while low < high {
            let middle = (low + high) / 2
            if keys[middle].digest < digest { low = middle + 1 } else { high = middle }
        }
        return low
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
