/// What stops a writer: its sink, or values that no stone can hold.
package enum StoneWriteError<SinkFailure: Error>: Error {
    case sink(SinkFailure)
    case stone(StoneError)
}

extension StoneWriteError: Sendable where SinkFailure: Sendable {}

extension StoneWriteError where SinkFailure == Never {
    /// The error of a sink that cannot fail.
    package var stoneError: StoneError {
        switch self {
        case .stone(let error): error
        }
    }
}

extension StoneWriteError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .sink(let failure): "\(failure)"
        case .stone(let error): error.description
        }
    }
}
