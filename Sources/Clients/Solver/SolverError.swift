internal import PackageModel

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
        package var request: Request
        /// Texts of capabilities that exist and look alike; for a version that does not exist, what does.
        package var similar: [String]

        init(_ request: Request, similar: [String]) {
            self.request = request
            self.similar = similar
        }
    }

    package struct Unsatisfiable: Hashable, Sendable {
        /// Each would be enough to stand in the way; the first few that were found.
        package var problems: [Problem]
        /// Whether there are more.
        package var hasMore = false
        /// Whether the search was cut off before it was known that there is no solution.
        package var isIncomplete = false
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
            if failure.hasMore { lines.append("and more problems") }
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
