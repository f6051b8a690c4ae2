internal import ArgumentParser

/// The commands there are, by the words that name them.
enum CommandTree {
    /// The command that a word names below `parent`.
    static func child(_ word: String, of parent: any ParsableCommand.Type) -> (any ParsableCommand.Type)? {
        parent.configuration.subcommands.first { names(of: $0).contains(word) }
    }

    /// The words for the commands below `parent`, for people.
    static func verbs(of parent: any ParsableCommand.Type) -> String {
        parent.configuration.subcommands.compactMap { names(of: $0).first }.joined(separator: ", ")
    }

    private static func names(of command: any ParsableCommand.Type) -> [String] {
        (command.configuration.commandName.map { [$0] } ?? []) + command.configuration.aliases
    }
}
