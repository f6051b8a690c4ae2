package import Installation
internal import LinuxSystem
package import Repositories
internal import Solver

/// Why a command ends with an exit code other than 0.
package struct CommandFailure: Error, Hashable, Sendable {
    package var exit: MossExit
    /// One word for programs, the same in every language.
    package var code: String
    /// Subject, cause and next step; perhaps several lines.
    package var message: String

    package init(_ exit: MossExit, code: String, _ message: String) {
        self.exit = exit
        self.code = code
        self.message = message
    }

    package init(_ error: InstallationError) {
        let (exit, code) = Self.classified(error)
        let advice =
            error.isDamage ? "\nsomething is damaged; `moss fsck --repair` tells what, and puts it right if it can" : ""
        self.init(exit, code: code, error.description + advice)
    }

    package init(_ error: RepositoryError) {
        self.init(.repository(error))
    }

    init(_ error: SystemError) {
        self.init(.system(error))
    }

    private static func classified(_ error: InstallationError) -> (MossExit, String) {
        switch error {
        case .solver(.unknownRequests), .solver(.notInstalled): return (.notFound, "notFound")
        case .repository(let error) where error.code == .unknownCollection: return (.notFound, "notFound")
        case .repository(let error) where error.code == .wrongStone: return (.failed, "wrongStone")
        default: break
        }
        switch error.kind {
        case .notFound: return (.notFound, "notFound")
        case .locked: return (.locked, "locked")
        case .noSpace: return (.noSpace, "noSpace")
        case .conflict: return (.unsatisfiable, "conflict")
        case .unsatisfiable: return (.unsatisfiable, "unsatisfiable")
        case .invalidInput: return (.usage, "invalidInput")
        case .notARoot: return (.failed, "notARoot")
        case .failed: return (.failed, error.isDamage ? "damaged" : "failed")
        }
    }
}
