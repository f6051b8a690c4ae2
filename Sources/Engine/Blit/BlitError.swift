package import BytePath
package import ContentStore
package import FileTree
package import LinuxSystem

/// Why a tree could not be written, patched or checked.
package enum BlitError: LookFailure, Sendable, CustomStringConvertible {
    case system(SystemError)
    case store(StoreError)
    case tree(TreeError)
    /// The tree on disk is not the recorded one: somebody changed it here.
    case tampered(BytePath)

    package var description: String {
        switch self {
        case .system(let error): "\(error)"
        case .store(let error): "\(error)"
        case .tree(let error): "\(error)"
        case .tampered(let path): "\(path): not as it was recorded; the tree will be built anew"
        }
    }

    private var look: (any LookFailure)? {
        switch self {
        case .system(let error): error
        case .store(let error): error
        case .tree, .tampered: nil
        }
    }

    package var saysNothing: Bool {
        if case .tree(.unreadable) = self { return true }
        return look?.saysNothing ?? false
    }

    package var remedy: String { look?.remedy ?? "run it again" }

    /// Whether there was no room left on the disk.
    package var isDiskFull: Bool {
        switch self {
        case .system(let error): error.isDiskFull
        case .store(let error): error.isDiskFull
        default: false
        }
    }

    /// Whether it was the user's share of the disk.
    package var isQuotaExceeded: Bool {
        switch self {
        case .system(let error): error.isQuotaExceeded
        case .store(let error): error.isQuotaExceeded
        default: false
        }
    }

    /// Whether the tree on disk, and not the disk or the store, is to blame.
    package var isTampering: Bool {
        if case .tampered = self { true } else { false }
    }
}

extension Directory.Cursor {
    /// The next entry; nil at the end.
    mutating func nextRecord() throws(BlitError) -> EntryRecord? {
        do throws(TreeError) {
            return try next()
        } catch {
            throw .tree(error)
        }
    }
}
