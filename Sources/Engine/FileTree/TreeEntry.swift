package import BytePath
package import Failures
package import PackageModel

/// Immutable directories: composing packages into one tree, conflicts, redirects, differences and hashes; pure.
///
/// What an entry of a tree is.
package enum EntryKind: UInt8, Hashable, Sendable {
    case regular = 1
    case symlink = 2
    case directory = 3
}

/// Permissions and owner; what two hard links must have in common besides their content.
package struct EntryMetadata: Hashable, Sendable {
    /// Permission, setuid, setgid and sticky bits, without the file type. A file's sticky bit, which means nothing to
    /// Linux, says that it lies below a directory that is closed to others: see ``isClosed``.
    package var mode: UInt32
    package var uid: UInt32
    package var gid: UInt32

    package init(mode: UInt32, uid: UInt32 = 0, gid: UInt32 = 0) {
        self.mode = mode
        self.uid = uid
        self.gid = gid
    }

    private static let closedBit: UInt32 = 0o1000

    /// Of a file: others get at it nowhere, as its package has it below a directory that they may not enter.
    package var isClosed: Bool { mode & Self.closedBit != 0 }

    /// What a file on disk has.
    package var fileMode: UInt32 { mode & ~Self.closedBit }

    /// What a stored file has for the mode that a package wishes: nobody writes to an object.
    package static func ofFile(_ mode: UInt32, uid: UInt32, gid: UInt32, isClosed: Bool) -> EntryMetadata {
        EntryMetadata(mode: mode & 0o6555 | (isClosed ? closedBit : 0), uid: uid, gid: gid)
    }

    /// What directories have unless a package says otherwise.
    package static let plainDirectory = EntryMetadata(mode: 0o755)
    /// What a stored object has unless a package says otherwise: nobody writes to an object.
    package static let plainFile = EntryMetadata(mode: 0o444)
}

/// One name in a tree.
package struct TreeEntry: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case regular(ObjectID, size: UInt64)
        case symlink(BytePath)
        case directory(TreeID)
    }

    package var name: BytePath
    package var metadata: EntryMetadata
    package var content: Content

    package init(name: BytePath, metadata: EntryMetadata, content: Content) {
        self.name = name
        self.metadata = metadata
        self.content = content
    }

    package var kind: EntryKind {
        switch content {
        case .regular: .regular
        case .symlink: .symlink
        case .directory: .directory
        }
    }

    /// The tree's id, for directories.
    package var tree: TreeID? {
        if case .directory(let id) = content { id } else { nil }
    }
}

/// Why a tree could not be read.
package enum TreeError: MarkedError, Hashable, Sendable {
    /// No directory of that id is stored.
    case missing(TreeID)
    /// The stored bytes are not an encoded directory.
    case damaged(TreeID)
    /// The stored layout of a package is not an encoded layout.
    case damagedLayout
    /// The store of trees failed; the text is its own.
    case unreadable(TreeID, String)
    /// More than any real tree has, as a record made to exhaust its reader would.
    case tooLarge

    package var ownMarks: FailureMarks {
        switch self {
        case .missing: [.damaged, .gone]
        case .unreadable: .unseen
        case .damaged, .damagedLayout, .tooLarge: .damaged
        }
    }

    package var description: String {
        switch self {
        case .missing(let id): "tree \(id.hexadecimal) is not in the database"
        case .damaged(let id): "tree \(id.hexadecimal) in the database is damaged"
        case .damagedLayout: "the layout of a package in the database is damaged"
        case .tooLarge: "the tree in the database has more directories, or deeper ones, than are read"
        case .unreadable(let id, let cause): "tree \(id.hexadecimal) cannot be read: \(cause)"
        }
    }
}

/// Gives the encoding of a directory; the bytes stay valid until the operation it was passed to returns.
package typealias TreeLookup = (TreeID) throws(TreeError) -> UnsafeRawBufferPointer
