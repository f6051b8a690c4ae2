package import BytePath

/// One path a package puts under `/usr`.
package struct LayoutEntry: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Content by its XXH3-128.
        case regular(ObjectID)
        /// Link text, verbatim.
        case symlink(BytePath)
        case directory
        case characterDevice
        case blockDevice
        case fifo
        case socket
    }

    package var uid: UInt32
    package var gid: UInt32
    /// Full `st_mode` with the file-type bits.
    package var mode: UInt32
    /// Relative to `/usr`, without leading slash: `bin/nano`.
    package var path: BytePath
    package var kind: Kind

    package init(path: BytePath, kind: Kind, mode: UInt32, uid: UInt32 = 0, gid: UInt32 = 0) {
        self.uid = uid
        self.gid = gid
        self.mode = mode
        self.path = path
        self.kind = kind
    }
}

/// Where one object's bytes lie in the decompressed Content payload: `start ..< end`.
package struct ContentRange: Hashable, Sendable {
    package var start: UInt64
    package var end: UInt64
    package var digest: ObjectID

    package init(start: UInt64, end: UInt64, digest: ObjectID) {
        self.start = start
        self.end = end
        self.digest = digest
    }

    /// Bytes between start and end; 0 where the range is upside down.
    package var count: UInt64 { end >= start ? end - start : 0 }
}
