package import BytePath
package import LinuxSystem
package import StoneFormat
internal import TerminalOutput

/// Why a stone could not be unpacked: what about, the cause, and what helps.
package enum ExtractionError: Error, Sendable, CustomStringConvertible {
    /// The stone cannot be read, or is not what it should be.
    case badStone(BytePath, String)
    case hostileName(SafeName.Hostile)
    case exists(BytePath)
    /// The stone, what its files have, and what the directory has room for.
    case noSpace(BytePath, needed: UInt64, BytePath, available: UInt64)
    case system(SystemError)

    /// Of what was thrown while `stone` was unpacked.
    init(_ error: any Error, of stone: BytePath) {
        self =
            switch error {
            case let error as ExtractionError: error
            case let error as SafeName.Hostile: .hostileName(error)
            case let error as SystemError: .system(error)
            default: .badStone(stone, "\(error)")
            }
    }

    package var description: String {
        switch self {
        case .badStone(let stone, let problem): "\(stone): \(problem)"
        case .hostileName(let error): "\(error)"
        case .exists(let path): "\(path): exists already; remove it or choose another directory"
        case .noSpace(let stone, let needed, let directory, let available):
            "\(stone): its files have \(Measures.size(needed)), and \(directory) has room for"
                + " \(Measures.size(available)); choose another directory"
        case .system(let error): "\(error)"
        }
    }
}
