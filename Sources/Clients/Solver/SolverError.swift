package import PackageModel

/// Why no resolution exists. Each case lists what was found, not the first only.
package enum SolverError: Error {
    /// Nothing installed or available provides these requests.
    case unknownRequests([UnknownRequest])
    /// Nothing installed provides these requests.
    case notInstalled([UnknownRequest])
    /// The requests exist but cannot be brought together.
    case unsatisfiable(Unsatisfiable)
    case lookup(LookupFailure)

    package struct UnknownRequest: Hashable, Sendable {
        package var request: Capability
        /// Texts of capabilities that exist and look alike.
        package var similar: [String]
    }

    package struct Unsatisfiable: Hashable, Sendable {
        /// What stands in the way of the preferred choice.
        package var problems: [Problem]
        /// What stood in the way when other providers were tried.
        package var alternatives: [Problem]
        /// How many more problems the preferred choice has than are listed, about.
        package var omitted = 0
        /// Whether the search was cut off before every combination was tried.
        package var isIncomplete: Bool
    }
}

extension SolverError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownRequests(let requests):
            return Self.list(requests, "nothing provides") + "; refresh the collections or check the spelling"
        case .notInstalled(let requests):
            return Self.list(requests, "nothing installed provides")
        case .unsatisfiable(let failure):
            var lines = failure.problems.map(\.description)
            if failure.omitted > 0 { lines.append("and \(failure.omitted) more problems") }
            lines += failure.alternatives.map { "tried instead: \($0)" }
            if failure.isIncomplete { lines.append("the search was cut off; naming a provider may help") }
            return lines.joined(separator: "\n")
        case .lookup(let failure):
            return failure.description
        }
    }

    private static func list(_ requests: [UnknownRequest], _ words: String) -> String {
        requests.map { request in
            request.similar.isEmpty
                ? "\(words) \(request.request.short)"
                : "\(words) \(request.request.short) (similar: \(request.similar.joined(separator: ", ")))"
        }.joined(separator: "; ")
    }
}
