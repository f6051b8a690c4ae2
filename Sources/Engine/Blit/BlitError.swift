package import BytePath
package import Failures
package import FileTree
package import LinuxSystem
package import ObjectStore

/// Why a tree could not be written, patched or checked.
package enum BlitError: MarkedError, Sendable {
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

    package var ownMarks: FailureMarks {
        if case .tampered = self { .tampered } else { [] }
    }

    package var wrapped: (any MarkedError)? {
        switch self {
        case .system(let error): error
        case .store(let error): error
        case .tree(let error): error
        case .tampered: nil
        }
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
