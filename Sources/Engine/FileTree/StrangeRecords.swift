internal import Digests
package import PackageModel

/// Checks of encoded trees and layouts that somebody else wrote, who may have meant harm. What this user or root wrote
/// was checked before it was encoded.
package enum StrangeRecords {
    /// So many bytes of directories and layouts are read in one go; every path of a shared directory counts, so that a
    /// few records cannot stand for more names than there is memory.
    package static let byteLimit = 512 << 20
    /// A larger file has no place in a package, and sums of such sizes would be of no use.
    private static let sizeLimit: UInt64 = 1 << 44

    /// Refuses a directory that is not what its id says, or has entries that no file system has.
    package static func check(directory bytes: UnsafeRawBufferPointer, _ id: TreeID) throws(TreeError) {
        guard TreeID(hashing: bytes) == id else { throw .damaged(id) }
        var cursor = try Directory(bytes, id: id).cursor
        var previous: UnsafeRawBufferPointer?
        while let record = try cursor.next() {
            guard isPlausible(record), previous.map({ precedes($0, record.name) }) ?? true else { throw .damaged(id) }
            previous = record.name
        }
    }

    /// Refuses a layout with paths that lead elsewhere.
    package static func check(layout bytes: UnsafeRawBufferPointer) throws(TreeError) {
        var groups = try LayoutGroups(bytes)
        while let group = try groups.next() {
            guard isPlausible(path: group.path) else { throw .damagedLayout }
            var records = group.records
            while let record = try records.next() {
                guard isPlausible(record) else { throw .damagedLayout }
            }
        }
    }

    private static func isPlausible(_ record: EntryRecord) -> Bool {
        isPlausible(name: record.name) && record.mode & ~0o7777 == 0
            && (record.isSymlink
                ? record.size > 0 && record.size <= 4095 && !record.target.contains(0) : record.size <= sizeLimit)
    }

    private static func isPlausible(name: some Collection<UInt8>) -> Bool {
        !name.isEmpty && name.count <= 255 && !name.contains(0) && !name.contains(UInt8(ascii: "/"))
            && !name.elementsEqual(".".utf8) && !name.elementsEqual("..".utf8)
    }

    /// Relative, empty for the top, at most as long as the kernel takes.
    private static func isPlausible(path: UnsafeRawBufferPointer) -> Bool {
        guard path.count <= TreeDifference.pathLimit else { return false }
        return path.isEmpty
            || path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy {
                isPlausible(name: $0)
            }
    }

    private static func precedes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        left.lexicographicallyPrecedes(right)
    }
}
