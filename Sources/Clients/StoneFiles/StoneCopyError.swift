package import BytePath
package import Downloads
package import LinuxSystem
package import StoneFormat

/// Why a stone could not be copied: which one, the cause, and what helps.
package enum StoneCopyError: Error, Sendable, CustomStringConvertible {
    case repository(RepositoryError)
    case hostileName(SafeName.Hostile)
    /// The package, and a file name that another one of the same run has already.
    case nameTaken(String, BytePath)
    case system(SystemError)

    init(_ error: any Error) {
        self =
            switch error {
            case let error as StoneCopyError: error
            case let error as SafeName.Hostile: .hostileName(error)
            case let error as SystemError: .system(error)
            case let error as RepositoryError: .repository(error)
            default: .repository(RepositoryError(.wrongStone, "", "\(error)"))
            }
    }

    package var description: String {
        switch self {
        case .repository(let error): "\(error)"
        case .hostileName(let error): "\(error)"
        case .nameTaken(let package, let name):
            "\(package): another of these packages has the file name \(name) too; fetch them one by one, into other"
                + " directories"
        case .system(let error): "\(error)"
        }
    }
}
