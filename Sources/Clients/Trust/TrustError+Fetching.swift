/// What only whoever fetches can find out, in one set of words.
extension TrustError {
    /// - Parameters:
    ///   - collection: its name.
    ///   - what: the file that was fetched.
    package static func endlessData(_ collection: String, _ what: String, byteCountMax: UInt64) -> TrustError {
        TrustError(
            .endlessData, collection, "\(what) has more than the \(byteCountMax) bytes that it may have",
            remedy: "try another mirror, or tell those who publish it")
    }

    package static func slowRetrieval(
        _ collection: String, _ what: String, byteCount: UInt64, seconds: UInt64
    ) -> TrustError {
        TrustError(
            .slowRetrieval, collection, "of \(what) only \(byteCount) bytes came in \(Age.text(seconds))",
            remedy: "try another mirror or network, or try again later")
    }

    /// - Parameter package: the stone, which is not the one that the signed index promises.
    package static func arbitraryPackage(_ collection: String, package: String) -> TrustError {
        TrustError(
            .arbitraryPackage, collection, "\(package) is not the file that the signed index promises",
            remedy: "try another mirror, or tell those who publish it; nothing of it was used")
    }

    package static func extraneousDependency(
        _ collection: String, package: String, dependency: String
    ) -> TrustError {
        TrustError(
            .extraneousDependency, collection,
            "\(package) asks for \(dependency), of which the signed index says nothing",
            remedy: "tell those who publish it; nothing of it was used")
    }
}
