internal import Digests
package import PackageModel

/// One inode of a ``ViewImage``; 64 bytes.
package struct ViewNode: Sendable {
    /// File type and permission bits, as a tree has them; see ``shownMode``.
    package var mode: UInt32
    package var uid: UInt32
    package var gid: UInt32
    /// Paths of a file; 2 and the subdirectories of a directory.
    package var links: UInt32
    /// Bytes of a file or of a link's target; for a directory, 0.
    package var size: UInt64
    /// The directory that holds it, for a file the first one; the root is its own.
    package var parent: UInt32
    var owners: UInt32
    /// Of a file's content.
    package var digest: ObjectID
    /// Directory: its first entry. Link: where its target stands. File: which source has its content, see
    /// ``ViewImageBuilder``.
    var first: UInt32
    /// Directory: how many entries.
    package var count: UInt32
    private var reserved: UInt64 = 0

    static let byteCount = 64

    init(mode: UInt32, uid: UInt32, gid: UInt32, size: UInt64, parent: UInt32) {
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.size = size
        self.parent = parent
        links = 1
        owners = 0
        digest = ObjectID(high: 0, low: 0)
        (first, count) = (0, 0)
    }

    static let typeMask: UInt32 = 0o170000
    static let directoryType: UInt32 = 0o040000
    static let regularType: UInt32 = 0o100000
    static let symlinkType: UInt32 = 0o120000

    @inline(__always)
    package var isDirectory: Bool { mode & Self.typeMask == Self.directoryType }
    @inline(__always)
    package var isSymlink: Bool { mode & Self.typeMask == Self.symlinkType }
    @inline(__always)
    package var isRegular: Bool { mode & Self.typeMask == Self.regularType }
    /// As in `st_mode`: a file's sticky bit is for the store alone.
    @inline(__always)
    package var shownMode: UInt32 { isRegular ? mode & ~0o1000 : mode }
    /// Which source has a file's content: 0 the store, others as the view's request numbers them.
    package var source: Int { Int(first) }
}

/// One name in a directory; 16 bytes.
struct ViewEntry {
    /// The first four bytes of the name as a big-endian number, so that most comparisons end here.
    var prefix: UInt32
    /// Where the name stands in the text.
    var name: UInt32
    var node: UInt32
    var length: UInt16
    private var reserved: UInt16 = 0

    static let byteCount = 16

    init(prefix: UInt32, name: UInt32, node: UInt32, length: UInt16) {
        self.prefix = prefix
        self.name = name
        self.node = node
        self.length = length
    }

    @inline(__always)
    static func prefix(_ name: UnsafePointer<CChar>, _ length: Int) -> UInt32 {
        var prefix: UInt32 = 0
        for index in 0..<4 {
            prefix = prefix << 8 | (index < length ? UInt32(UInt8(bitPattern: name[index])) : 0)
        }
        return prefix
    }

    /// Below 0 when this entry's name comes before `name`, 0 when it is that.
    @inline(__always)
    func compare(
        _ prefix: UInt32, _ name: UnsafePointer<CChar>, _ length: Int, _ text: UnsafePointer<CChar>
    ) -> Int {
        if self.prefix != prefix { return self.prefix < prefix ? -1 : 1 }
        let own = text + Int(self.name)
        var index = min(4, min(length, Int(self.length)))
        let common = min(length, Int(self.length))
        while index < common {
            let left = UInt8(bitPattern: own[index])
            let right = UInt8(bitPattern: name[index])
            if left != right { return left < right ? -1 : 1 }
            index &+= 1
        }
        return Int(self.length) - length
    }
}

/// The packages that a file comes from, as text.
struct ViewOwners {
    var names: UInt32
    var versions: UInt32

    static let byteCount = 8
}
