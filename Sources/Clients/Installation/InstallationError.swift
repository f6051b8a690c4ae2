package import BytePath
internal import CollectionIndex
internal import Digests
package import Downloads
package import Failures
internal import FileTree
package import LinuxSystem
package import ObjectStore
package import PackageModel
package import Solver
package import States
package import Storage

/// Why a command could not do what it was asked: subject, cause and next step.
package enum InstallationError: MarkedError, Sendable {
    case state(StateError)
    case store(StoreError)
    case database(DatabaseError)
    case repository(RepositoryError)
    case solver(SolverError)
    case system(SystemError)
    /// A request such as `soname(x` that is no capability.
    case malformedRequest(String)
    /// Packages that cannot share one tree; every conflict there is, one line each.
    case fileConflicts([String])
    /// No collection offers the package any more.
    case notOffered(name: String, PackageID)
    case noActiveState
    case alreadyActive(UInt64)
    case activeStateStays(UInt64)
    /// A change that stands for a whole state, asked for together with others.
    case notCombinable(String)
    case pinnedStateStays(UInt64)
    /// The rules by which states are kept cannot be read: file, perhaps with a line, and why.
    case retention(String, String)
    case nothingToUndo
    case nothingToRedo
    /// What the change needs does not fit.
    case noSpace(SpaceShortage)
    /// The stone is not what it was when the plan was made.
    case changedWhilePlanning(name: String)
    case unknownPath(BytePath)
    /// A file of a package would belong to somebody that the user namespace has no number for.
    case unmappedOwner(BytePath, package: String, String)
    /// Packages that take more memory or time together than any real ones do; the one it was too much with, and why.
    case tooLarge(name: String, String)

    package var description: String {
        switch self {
        case .state(let error): "\(error)"
        case .store(let error): "\(error)"
        case .database(let error): "\(error)"
        case .repository(let error): "\(error)"
        case .solver(let error): "\(error)"
        case .system(let error): "\(error)"
        case .malformedRequest(let text):
            "\(text): neither a package name, perhaps with @VERSION or @COLLECTION, nor a capability such as binary(nano) or"
                + " soname(libz.so.1(x86_64))"
        case .fileConflicts(let lines):
            (["these packages cannot be installed together; nothing was changed:"] + lines).joined(separator: "\n  ")
        case .notOffered(let name, let id):
            "\(name): the package \(id) is neither in the store nor in an active collection; update the collections"
        case .noActiveState: "nothing is installed here yet; install a package first"
        case .alreadyActive(let number): "state \(number) is active already"
        case .activeStateStays(let number): "state \(number) is active; activate another one before removing it"
        case .notCombinable(let change): "\(change): cannot be combined with other changes in one candidate"
        case .pinnedStateStays(let number): "state \(number) is pinned; unpin it before removing it"
        case .retention(let place, let cause): "\(place): \(cause)"
        case .nothingToUndo: "there is no state before the active one"
        case .nothingToRedo: "no state was made from the active one"
        case .noSpace(let shortage): "\(shortage)"
        case .changedWhilePlanning(let name):
            "\(name): its stone changed while the change was being planned; run the command again"
        case .unknownPath(let path): "\(path): not in the active state"
        case .unmappedOwner(let path, let package, let owner):
            "\(path) of \(package): its \(owner) has no number in this user namespace; give the namespace more numbers, "
                + "or use a root that an ordinary user made, which only records owners"
        case .tooLarge(let name, let problem): "\(name): \(problem)"
        }
    }

    /// The object whose absence this is about.
    var missingObject: ObjectID? {
        switch self {
        case .store(.missingObject(let digest)): digest
        case .state(let error): error.missingObject
        default: nil
        }
    }

    package var wrapped: (any MarkedError)? {
        switch self {
        case .state(let error): error
        case .store(let error): error
        case .database(let error): error
        case .repository(let error): error
        case .system(let error): error
        default: nil
        }
    }

    /// Of what a closure threw that may throw anything.
    init(_ error: any Error) {
        self = InstallationError(known: error) ?? .store(StoreError(error))
    }

    /// Of an error that an engine may have; nil for any other.
    package init?(known error: any Error) {
        switch error {
        case let error as InstallationError: self = error
        case let error as StateError: self = .state(error)
        case let error as StoreError: self = .store(error)
        case let error as RepositoryError: self = .repository(error)
        case let error as DatabaseError: self = .database(error)
        case let error as SystemError: self = .system(error)
        default: return nil
        }
    }

    /// Whether nobody offers what was asked for.
    package var isOfUnknownRequests: Bool {
        if case .solver(.unknownRequests) = self { true } else { false }
    }

    /// Whether it is about a record that a state had a moment ago: somebody may have removed it meanwhile.
    var isOfSomethingGone: Bool { marks.contains(.gone) }

    /// Runs what looks at a root several times without its lock, again where a change came in between.
    static func retryingWhenGone<R>(_ body: () throws(InstallationError) -> R) throws(InstallationError) -> R {
        for _ in 0..<8 {
            do throws(InstallationError) {
                return try body()
            } catch {
                guard error.isOfSomethingGone else { throw error }
            }
        }
        return try body()
    }

    /// What kind of failure it is, for exit codes and `--json`.
    package enum Kind: String, Sendable {
        case failed, notFound, locked, noSpace, notARoot, conflict, unsatisfiable, invalidInput
    }

    package var kind: Kind {
        switch self {
        case .state(.locked): .locked
        case .state(.notARoot), .state(.notEmpty): .notARoot
        case .state(.unknownState), .state(.unknownStateName), .state(.noDirectory): .notFound
        case .unknownPath, .notOffered, .solver(.unknownRequests), .solver(.notInstalled): .notFound
        case .repository(let error) where error.code == .unknownCollection: .notFound
        case .state(.invalidStateName), .state(.stateNameTaken): .invalidInput
        case .solver: .unsatisfiable
        case .fileConflicts: .conflict
        case .malformedRequest, .notCombinable: .invalidInput
        case .noSpace: .noSpace
        default: marks.contains(.diskFull) ? .noSpace : .failed
        }
    }
}

extension InstallationError {
    /// The same error naming the root where only an object's name or a descriptor was known: on a disk that is full
    /// or fails, people need to know which one it is.
    package func located(in root: BytePath) -> InstallationError {
        let store = root.appending(".moss")
        return switch self {
        case .system(let error): .system(error.below(root))
        case .store(.system(let error)): .store(.system(error.below(store)))
        case .state(.system(let error)): .state(.system(error.below(root)))
        case .state(.store(.system(let error))): .state(.store(.system(error.below(store))))
        default: self
        }
    }

    static func states<R>(_ body: () throws(StateError) -> R) throws(InstallationError) -> R {
        do throws(StateError) {
            return try body()
        } catch {
            throw .state(error)
        }
    }

    static func stored<R>(_ body: () throws(StoreError) -> R) throws(InstallationError) -> R {
        do throws(StoreError) {
            return try body()
        } catch {
            throw .store(error)
        }
    }

    static func collections<R: ~Copyable>(_ body: () throws(RepositoryError) -> R) throws(InstallationError) -> R {
        do throws(RepositoryError) {
            return try body()
        } catch {
            throw .repository(error)
        }
    }
}
