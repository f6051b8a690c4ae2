internal import BytePath
internal import CollectionIndex
package import CommandLineSupport
package import Downloads
internal import Failures
package import Installation
internal import LinuxSystem
internal import States
internal import StoneFiles
internal import StoneFormat
internal import Trust

/// Why a command ends with an exit code other than 0.
package typealias CommandFailure = ProgramFailure<MossExit>

extension ProgramFailure where Exit == MossExit {
    package init(_ error: InstallationError) {
        let (exit, code) = Self.classified(error)
        self.init(exit, code: code, error.description + Self.advice(on: error))
    }

    private static func advice(on error: InstallationError) -> String {
        switch error {
        case .state(.noDirectory(let path)): return "; `moss -D \(path) init` makes a root there"
        case .state(.notARoot(let path)):
            return "; make one of a new or empty directory with `moss -D \(path) init`"
        case .state(.unknownState): return "; `moss state list` shows those there are"
        case .state(.unknownStateName): return "; `moss state list` shows states and their names"
        default: break
        }
        if case .unknownPath(let path) = error, path.components.first?.elementsEqual("usr".utf8) == true,
            !path.isAbsolute
        {
            return "; paths begin with /usr, as in /\(path)"
        }
        return error.marks.contains(.damaged)
            ? "\nsomething is damaged; `moss fsck --repair` tells what, and puts it right if it can" : ""
    }

    /// Of a package's file that is not what it should be, whichever command finds it.
    static var invalidStone: String { "invalidStone" }

    /// Of a check: what it could not look at is no failure of the root's.
    package init(ofCheck error: InstallationError) {
        guard error.saysNothing, error.kind == .failed else {
            self.init(error)
            return
        }
        let text = error.description
        let remedy = text.contains(error.remedy) ? "" : "; \(error.remedy)"
        self.init(.unseen, code: "unseen", "could not look: \(text)\(remedy); nothing was judged or repaired")
    }

    package init(_ error: RepositoryError) {
        self.init(InstallationError.repository(error))
    }

    init(_ error: SystemError) {
        self.init(InstallationError.system(error))
    }

    private init(_ error: ExtractionError) {
        switch error {
        case .badStone: self.init(.failed, code: Self.invalidStone, error.description)
        case .hostileName(let error): self.init(error)
        case .exists: self.init(.failed, code: "alreadyExists", error.description + " with -o")
        case .noSpace: self.init(.noSpace, code: "noSpace", error.description + " with -o")
        case .system(let error): self.init(error)
        }
    }

    private init(_ error: StoneCopyError) {
        switch error {
        case .repository(let error): self.init(error)
        case .hostileName(let error): self.init(error)
        case .nameTaken: self.init(.failed, code: "failed", error.description)
        case .system(let error): self.init(error)
        }
    }

    private init(_ error: SafeName.Hostile) {
        self.init(.failed, code: "invalidInput", error.description)
    }

    init(_ error: TrustError) {
        let exit: MossExit =
            switch error.code {
            case .notFound: .notFound
            case .invalidRequest: .usage
            case .system where error.marks.contains(.diskFull): .noSpace
            default: .failed
            }
        self.init(exit, code: error.code == .system ? "failed" : error.code.rawValue, error.description)
    }

    /// Whatever a command can throw.
    init(any error: any Error) {
        switch error {
        case let error as CommandFailure: self = error
        case let error as TrustError: self.init(error)
        case let error as ExtractionError: self.init(error)
        case let error as StoneCopyError: self.init(error)
        default:
            if let error = InstallationError(known: error) {
                self.init(error)
            } else {
                self.init(.failed, code: "failed", "\(error)")
            }
        }
    }

    /// The same of a command that had done a part before, which `kept` names: that something changed.
    func after(_ kept: [String]) -> CommandFailure {
        guard !kept.isEmpty else { return self }
        let exit = exit == .noSpace ? MossExit.failed : exit
        let remark = "\nwhat was done before stays: " + kept.joined(separator: ", ")
        return CommandFailure(exit, code: code, message + remark)
    }

    private static func classified(_ error: InstallationError) -> (MossExit, String) {
        if case .repository(let error) = error, error.code.isOfAServer { return (.failed, error.code.rawValue) }
        switch error.kind {
        case .notFound: return (.notFound, "notFound")
        case .locked: return (.locked, "locked")
        case .noSpace: return (.noSpace, "noSpace")
        case .conflict: return (.unsatisfiable, "conflict")
        case .unsatisfiable: return (.unsatisfiable, "unsatisfiable")
        case .invalidInput: return (.usage, "invalidInput")
        case .notARoot: return (.failed, "notARoot")
        case .failed:
            if error.marks.contains(.badStone) { return (.failed, invalidStone) }
            return (.failed, error.marks.contains(.damaged) ? "damaged" : "failed")
        }
    }
}
