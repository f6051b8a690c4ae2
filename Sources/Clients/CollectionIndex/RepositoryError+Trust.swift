package import Downloads
package import Trust

/// Runs `body` with what is not believed as errors about a collection.
package func trusting<R>(_ body: () throws(TrustError) -> R) throws(RepositoryError) -> R {
    do throws(TrustError) {
        return try body()
    } catch {
        throw RepositoryError(error)
    }
}

extension RepositoryError {
    package init(_ error: TrustError) {
        self.init(Code(error.code), error.subject, "\(error.cause); \(error.remedy)")
    }
}

extension RepositoryError.Code {
    fileprivate init(_ code: TrustError.Code) {
        self =
            switch code {
            case .arbitraryPackage: .arbitraryPackage
            case .extraneousDependency: .extraneousDependency
            case .rollBack: .rollBack
            case .freeze: .freeze
            case .fastForward: .fastForward
            case .mixAndMatch, .forked: .mixAndMatch
            case .endlessData: .endlessData
            case .slowRetrieval: .slowRetrieval
            case .wrongKey, .tooFewSignatures: .wrongKey
            default: .untrusted
            }
    }
}
