internal import CommandLineSupport
package import Installation

/// Changes as people write them: `install foo bar`, `remove baz`, `sync`; several of them one after the other.
package struct CandidateText: Hashable, Sendable {
    package let changes: [Change]

    /// Reads words; each of the verbs begins a change.
    package init(words: [String]) throws(CommandFailure) {
        var changes: [Change] = []
        var rest = words[...]
        while let verb = rest.popFirst() {
            let names = Array(rest.prefix { !Self.verbs.contains($0) })
            rest = rest.dropFirst(names.count)
            changes.append(try Self.change(verb, names))
        }
        guard !changes.isEmpty else {
            throw CommandFailure(
                .usage, code: "usage", "no change is named; a candidate is made by changes such as: install nano")
        }
        self.changes = changes
    }

    /// Reads a text with words between spaces.
    package init(_ text: String) throws(CommandFailure) {
        try self.init(words: text.split(separator: " ").map(String.init))
    }

    private static let verbs: Set<String> = ["install", "upgrade", "remove", "sync"]

    private static func change(_ verb: String, _ names: [String]) throws(CommandFailure) -> Change {
        switch verb {
        case "install" where !names.isEmpty: return .install(names)
        case "upgrade" where !names.isEmpty: return .upgrade(names)
        case "remove" where !names.isEmpty: return .remove(names, keepsOrphans: false)
        case "sync" where names.isEmpty: return .sync
        case "install", "upgrade", "remove":
            throw CommandFailure(.usage, code: "usage", "\(verb): name the packages to \(verb)")
        case "sync":
            throw CommandFailure(.usage, code: "usage", "sync: takes no names, but \(names.joined(separator: " "))")
        default:
            throw CommandFailure(
                .usage, code: "usage", "\(verb): a change begins with install, upgrade, remove or sync")
        }
    }
}
