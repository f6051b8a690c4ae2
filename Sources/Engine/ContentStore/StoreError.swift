package import BytePath
internal import Digests
package import FileTree
package import LMDB
package import LinuxSystem
package import PackageModel
package import StoneFormat

/// Why the store could not do what was asked.
package enum StoreError: Error, Sendable, CustomStringConvertible {
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
        case .collectedMeanwhile:
            "what was to be shown was removed while it was being looked up; run the command again"
        }
    }
}

extension StoreError: LookFailure {
    package var saysNothing: Bool {
        if case .tree(.unreadable) = self { return true }
        return look?.saysNothing ?? false
    }

    package var remedy: String { look?.remedy ?? "run it again" }

    /// Whether there was no room left on the disk.
    package var isDiskFull: Bool {
        switch self {
        case .system(let error): error.isDiskFull
        case .database(let error): error.isDiskFull
        default: false
        }
    }

    /// Whether it was the user's share of the disk.
    package var isQuotaExceeded: Bool {
        switch self {
        case .system(let error): error.isQuotaExceeded
        case .database(let error): error.isQuotaExceeded
        default: false
        }
    }

    /// Whether something is not what it was.
    package var isDamage: Bool {
        switch self {
        case .database(let error): error.isDamage
        case .tree(let error): error.isDamage
        case .missingObject, .unknownPackage: true
        default: false
        }
    }

    /// The failure to look that this passes on.
    private var look: (any LookFailure)? {
        switch self {
        case .system(let error): error
        case .database(let error): error
        default: nil
        }
    }

    /// Runs `body` and turns a failed system call into a store error, whose path is one below `.moss`.
    ///
    /// - Parameter directory: where the names in it are, below `.moss`.
    static func catching<R: ~Copyable>(
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
