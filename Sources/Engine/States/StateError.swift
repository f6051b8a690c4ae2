package import Blit
package import BytePath
internal import Digests
package import Failures
internal import FileTree
package import LinuxSystem
package import ObjectStore
package import PackageModel
package import Storage

/// Why a root could not be opened, read or switched.
package enum StateError: MarkedError, Sendable {
    case system(SystemError)
    case database(DatabaseError)
    case store(StoreError)
    case blit(BlitError)
    /// There is no directory of a root.
    case noDirectory(BytePath)
    /// The directory was never initialised.
    case notARoot(BytePath)
    /// The directory holds something else.
    case notEmpty(BytePath)
    case unknownFormat(BytePath)
    case locked(BytePath, by: String)
    case unknownState(UInt64)
    case unknownStateName(String)
    case invalidStateName(String)
    case stateNameTaken(String, by: UInt64)
    case linkInTheWay(BytePath)
    /// Another user's root, in which files of ours would be in that user's way.
    case foreignOwner(BytePath, uid: UInt32)
    /// A directory of the root, or what it stands in, belongs to somebody else than the root.
    case foreignPart(BytePath, uid: UInt32)
    case lockInTheWay(BytePath, String)
    case noStateNumberLeft(BytePath)
    /// The records that say what is live are gone.
    case noControlRecord(BytePath)
    /// A directory of the root that cannot be exchanged or linked into, and why.
    case unsuitable(BytePath, String)
    /// Mounts below `/usr` that cannot come along to a new tree, and why.
    case mountsStay([BytePath], String)

    package var description: String {
        switch self {
        case .system(let error): "\(error)"
        case .database(let error): "\(error)"
        case .store(let error): "\(error)"
        case .blit(let error): "\(error)"
        case .noDirectory(let path): "\(path): there is no such directory"
        case .notARoot(let path): "\(path): not a root of moss"
        case .notEmpty(let path):
            "\(path): holds files that are not moss's; a root is made of a new or empty directory only"
        case .unknownFormat(let path):
            "\(path): written by another version of moss; use that version, or make a new root"
        case .locked(let path, let holder):
            "\(path): \(holder) is changing this root; try again later, or wait for it with --wait"
        case .unknownState(let number): "there is no state \(number)"
        case .unknownStateName(let name): "no state is called \(name)"
        case .invalidStateName(let name):
            "\(name): a state's name begins with a letter and has letters, digits, dots, underscores and hyphens, at "
                + "most 64 of them"
        case .stateNameTaken(let name, let number):
            "\(name): state \(number) is called so; give it another name or unpin it first"
        case .linkInTheWay(let path):
            "\(path): a directory or file is where a link into /usr belongs; move it away and run the command again"
        case .foreignOwner(let path, let uid):
            "\(path): permission denied: this root belongs to user \(CurrentProcess.describe(user: uid)), and nobody else "
                + "may change it; run the command as that user"
        case .foreignPart(let path, let uid):
            "\(path): permission denied: this belongs to user \(CurrentProcess.describe(user: uid)), who could change it "
                + "while moss works; give it to the owner of the root, or run the command as that user"
        case .noStateNumberLeft(let path):
            "\(path): no number is left for another state, because a file said that a huge one was used; make a new root"
        case .lockInTheWay(let path, let what):
            "\(path): \(what) is where moss has a file of its own; move it away and run the command again"
        case .noControlRecord(let path): "\(path): the database does not say what is live; it must be rebuilt"
        case .unsuitable(let path, let reason): "\(path): \(reason), and run the command again; nothing was changed"
        case .mountsStay(let paths, let reason):
            "\(paths.map(\.display).joined(separator: ", ")): mounted below /usr, and \(reason); unmount what is there "
                + "and run the command again; nothing was changed"
        }
    }

    /// The object whose absence this is about.
    package var missingObject: ObjectID? {
        switch self {
        case .store(.missingObject(let digest)), .blit(.store(.missingObject(let digest))): digest
        default: nil
        }
    }

    package var ownMarks: FailureMarks {
        switch self {
        case .noControlRecord: .damaged
        case .unknownState: .gone
        default: []
        }
    }

    package var wrapped: (any MarkedError)? {
        switch self {
        case .system(let error): error
        case .database(let error): error
        case .store(let error): error
        case .blit(let error): error
        default: nil
        }
    }

    /// Whether a spare is to blame: it is not what it should be, or something in it must not be touched.
    var givesUpSpare: Bool {
        switch self {
        case .system(let error), .blit(.system(let error)): error.isWall
        case .blit(let error): error.marks.contains(.tampered)
        default: false
        }
    }

    package static func at<R: ~Copyable>(_ path: BytePath, _ body: () throws(SystemError) -> R) throws(StateError) -> R
    {
        do throws(SystemError) {
            return try body()
        } catch {
            throw .system(error.below(path))
        }
    }

    static func blitting<R>(_ path: BytePath, _ body: () throws(BlitError) -> R) throws(StateError) -> R {
        do throws(BlitError) {
            return try body()
        } catch {
            switch error {
            case .system(let error): throw .system(error.below(path))
            case .store(let error): throw .store(error)
            default: throw .blit(error)
            }
        }
    }

    package static func database<R: ~Copyable>(_ body: () throws(DatabaseError) -> R) throws(StateError) -> R {
        do throws(DatabaseError) {
            return try body()
        } catch {
            throw .database(error)
        }
    }
}
