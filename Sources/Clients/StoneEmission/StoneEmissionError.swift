package import StoneFormat

/// What stops a stone from being written: where it goes, where its contents come from, or values that no stone can
/// hold.
package enum StoneEmissionError<SinkFailure: Error, SourceFailure: Error>: Error {
    case sink(SinkFailure)
    case source(SourceFailure)
    case stone(StoneError)

    init(_ error: StoneWriteError<SinkFailure>) {
        switch error {
        case .sink(let failure): self = .sink(failure)
        case .stone(let failure): self = .stone(failure)
        }
    }
}

extension StoneEmissionError: Sendable where SinkFailure: Sendable, SourceFailure: Sendable {}

extension StoneEmissionError where SinkFailure == Never, SourceFailure == Never {
    /// The error of a stone that is made in memory.
    package var stoneError: StoneError {
        switch self {
        case .stone(let error): error
        }
    }
}

extension StoneEmissionError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .sink(let failure): "\(failure)"
        case .source(let failure): "\(failure)"
        case .stone(let error): error.description
        }
    }
}
