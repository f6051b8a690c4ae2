package import BytePath
internal import Digests
package import Failures
package import FileTree
package import LinuxSystem
package import PackageModel
package import StoneFormat
package import Storage

/// Why the store could not do what was asked.
package enum StoreError: MarkedError, Sendable {
    /// Its path is one below `.moss`, if it is no absolute one.
    case system(SystemError)
    case database(DatabaseError)
    case tree(TreeError)
    /// The stone cannot be read.
    case stone(BytePath, StoneError)
    /// The stone's files cannot be installed.
    case layout(BytePath, PackageLayout.Failure)
    /// The stone is not the one its index promised.
    case wrongStone(BytePath, expected: PackageID, found: PackageID)
    /// The stone holds other bytes under a digest than its index says.
    case wrongContent(BytePath, expected: ObjectID, found: ObjectID)
    /// Two different contents have one digest; nothing was changed.
    case collision(ObjectID, BytePath)
    /// The object is recorded, but neither a good copy nor another variant is there.
    case missingObject(ObjectID)
    /// No package of this id was ever recorded here.
    case unknownPackage(PackageID)
    /// What was to be pinned by a lease had been removed a moment before.
    case collectedMeanwhile
    /// What a live view pins cannot be told, so nothing may be removed.
    case unreadableLease(BytePath)
    /// An error that nobody thought of, in its own words.
    case unexpected(String)

    package var description: String {
        switch self {
        case .system(let error): "\(error)"
        case .database(let error): "\(error)"
        case .tree(let error): "\(error)"
        case .stone(let path, let error): "\(path): \(error)"
        case .layout(let path, let failure): "\(path): \(failure); the package cannot be installed as it is"
        case .wrongStone(let path, let expected, let found):
            "\(path): SHA-256 is \(found), the index says \(expected); fetch it again, or update the collection"
        case .wrongContent(let path, let expected, let found):
            "\(path): a file with digest \(found) stands where the index says \(expected); the stone is damaged or forged"
        case .collision(let digest, let path):
            "\(path): holds a file that differs from the stored object \(digest) of the same digest; refused, as one of "
                + "the two must be forged"
        case .missingObject(let digest):
            "object \(digest) is recorded but no good copy is in the store"
        case .unknownPackage(let id): "package \(id) is not in the store"
        case .unreadableLease(let path):
            "\(path): what this live view shows is not known, so nothing may be removed; unmount it, or use the "
                + "version of moss that mounted it"
        case .unexpected(let text): text
        case .collectedMeanwhile:
            "what was to be shown was removed while it was being looked up; run the command again"
        }
    }
}

extension StoreError {
    package var ownMarks: FailureMarks {
        switch self {
        case .missingObject: .damaged
        case .unknownPackage: [.damaged, .gone]
        case .collectedMeanwhile: .gone
        case .stone, .layout, .wrongStone, .wrongContent, .collision: .badStone
        default: []
        }
    }

    package var wrapped: (any MarkedError)? {
        switch self {
        case .system(let error): error
        case .database(let error): error
        case .tree(let error): error
        default: nil
        }
    }

    /// Of what a closure threw that may throw anything.
    package init(_ error: any Error) {
        self =
            switch error {
            case let error as StoreError: error
            case let error as DatabaseError: .database(error)
            case let error as TreeError: .tree(error)
            case let error as SystemError: .system(error)
            default: .unexpected("\(error)")
            }
    }

    /// Runs `body` and turns a failed system call into a store error, whose path is one below `.moss`.
    ///
    /// - Parameter directory: where the names in it are, below `.moss`.
    package static func catching<R: ~Copyable>(
        below directory: BytePath = "", _ body: () throws(SystemError) -> R
    ) throws(StoreError) -> R {
        do throws(SystemError) {
            return try body()
        } catch {
            throw .system(directory.isEmpty ? error : error.below(directory))
        }
    }

    /// Runs `body` and turns a failed database call into a store error.
    package static func catching<R: ~Copyable>(_ body: () throws(DatabaseError) -> R) throws(StoreError) -> R {
        do throws(DatabaseError) {
            return try body()
        } catch {
            throw .database(error)
        }
    }
}
