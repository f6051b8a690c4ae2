/// What stops a reader: its source, or the stone itself.
package enum StoneReadError<SourceFailure: Error>: Error {
    case source(SourceFailure)
    case stone(StoneError)
}

extension StoneReadError: Sendable where SourceFailure: Sendable {}

extension StoneReadError where SourceFailure == Never {
    /// The error of a source that cannot fail.
    package var stoneError: StoneError {
        switch self {
        case .stone(let error): error
        }
    }
}

extension StoneReadError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .source(let failure): "\(failure)"
        case .stone(let error): error.description
        }
    }
}
