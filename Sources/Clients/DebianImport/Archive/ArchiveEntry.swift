import BytePath

/// The header of one archive member, as the archive states it.
struct ArchiveEntry {
    let path: BytePath
    /// `st_mode` with the file-type bits; 0 type bits for hard links of some writers.
    let mode: UInt32
    let uid: UInt32
    let gid: UInt32
    let size: UInt64
    /// Text of a symbolic link.
    let symlinkTarget: BytePath?
    /// Path of the earlier member this one is another name of.
    let hardLinkTarget: BytePath?
    let attributeNames: [String]

    var typeBits: UInt32 { mode & 0o170000 }
    var isRegular: Bool { typeBits == 0o100000 }
    var isDirectory: Bool { typeBits == 0o040000 }
    var isSymlink: Bool { typeBits == 0o120000 }
}
