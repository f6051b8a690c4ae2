/// Root indices: which histories a channel of packages has, which of them its streams and tags name, and in which formats
/// they are.
package struct RootIndex: Hashable, Sendable {
    /// How a history's index and packages are laid out.
    package enum Format: Hashable, Sendable {
        case legacy
        case v0
        /// One that came later.
        case other(String)

        init(_ word: String) {
            switch word {
            case "legacy": self = .legacy
            case "v0": self = .v0
            default: self = .other(word)
            }
        }

        package var word: String {
            switch self {
            case .legacy: "legacy"
            case .v0: "v0"
            case .other(let word): word
            }
        }

        package var isSupported: Bool { self == .legacy || self == .v0 }
    }

    /// A name for a history.
    package struct Pointer: Hashable, Sendable {
        package var format: Format
        package var history: IndexIdentifier
        /// The tag that a stream stands at.
        package var tag: IndexIdentifier?
    }

    /// What a version comes to.
    package struct Resolution: Hashable, Sendable {
        package var history: IndexIdentifier
        package var format: Format
    }

    /// The version that still speaks v0 and holds what can read the formats behind it.
    package var upgradeVia: ScopedIdentifier?
    package var streams: [IndexIdentifier: Pointer]
    package var tags: [IndexIdentifier: Pointer]
    package var history: [IndexIdentifier: Format]
}

extension RootIndex {
    /// The history that `version` names; of whatever format.
    package func resolve(_ version: ScopedIdentifier) throws(RootIndexError) -> Resolution {
        guard let history = named(by: version) else {
            throw RootIndexError(.unknownVersion, "there is no \(version)\(offered(version.scope))")
        }
        guard let format = self.history[history] else {
            throw RootIndexError(
                .danglingVersion,
                "\(version) names the history \(history), which is not there; the server has to mend that"
            )
        }
        return Resolution(history: history, format: format)
    }

    /// The same, of a format that can be read here.
    ///
    /// - Throws: `unsupportedFormat` for another, and says where a program that reads it can be had.
    package func resolveSupported(_ version: ScopedIdentifier) throws(RootIndexError) -> Resolution {
        let resolution = try resolve(version)
        guard !resolution.format.isSupported else { return resolution }
        let problem = "\(version) is in the format \(resolution.format.word), which is not known here"
        guard let upgradeVia, let bridge = try? resolve(upgradeVia), bridge.format.isSupported else {
            throw RootIndexError(.unsupportedFormat, "\(problem), and no version is named that leads there from v0")
        }
        throw RootIndexError(
            .unsupportedFormat,
            "\(problem); \(upgradeVia) still is in the format \(bridge.format.word) and holds a program that knows it: "
                + "bring the packages to that version first")
    }

    private func named(by version: ScopedIdentifier) -> IndexIdentifier? {
        switch version.scope {
        case .stream: streams[version.identifier]?.history
        case .tag: tags[version.identifier]?.history
        case .history: history[version.identifier].map { _ in version.identifier }
        }
    }

    /// Histories come and go, and are too many to be listed.
    private func offered(_ scope: ScopedIdentifier.Scope) -> String {
        let names =
            switch scope {
            case .stream: streams.keys.map(\.text)
            case .tag: tags.keys.map(\.text)
            case .history: [String]()
            }
        let listed = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.prefix(20)
        return listed.isEmpty ? "" : "; there are: \(listed.joined(separator: ", "))"
    }
}
