internal import ArgumentParser

/// Brings a command line into the one form that the argument parser understands.
///
/// Global options in front of the command move behind it, and a short name in the place of the command, and only
/// there, becomes what it stands for. Everything after the command words stays as it is.
package enum CommandLineForm {
    /// What the argument parser, which takes the first word it does not know for the trouble, would say wrongly.
    package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String

        init(_ text: String) {
            description = text
        }
    }

    private static let flags: Set<String> = ["--yes-all", "--verbose", "--json", "--wait", "--offline"]
    private static let shortFlags: Set<Character> = ["y", "v"]
    private static let options: Set<String> = ["-D", "--directory", "--color", "--limit-rate"]
    private static let globals = "-D, -y, -v, --json, --color, --wait, --offline and --limit-rate"

    static let aliases: [String: [String]] = [
        "it": ["install"], "rm": ["remove"], "up": ["sync"], "fe": ["fetch"], "sr": ["search"],
        "sf": ["search-file"], "ix": ["index"], "li": ["list", "installed"], "la": ["list", "available"],
        "ls": ["list", "sync"], "lu": ["list", "sync", "--upgrade-only"], "ar": ["repo", "add"],
        "lr": ["repo", "list"], "rr": ["repo", "remove"], "ur": ["repo", "update"], "er": ["repo", "enable"],
        "dr": ["repo", "disable"],
    ]

    package static func rewritten(_ arguments: [String]) throws(Problem) -> [String] {
        var rest = arguments[...]
        let before = try takeGlobals(&rest)
        // Without a command there is nothing that global options could be for: help is shown.
        guard let first = rest.first else { return [] }
        if first == "-V" { return ["--version"] }
        if first.hasPrefix("-") {
            try refuseMisplaced(first, behind: [], rest.dropFirst())
            return Array(rest)
        }
        // The argument parser's own command, which knows none of our options.
        if first == "help" { return Array(rest) }
        rest.removeFirst()
        if let command = aliases[first] { return command + before + rest }
        guard let command = CommandTree.child(first, of: Moss.self) else {
            throw Problem("\(first): no such command; moss --help lists them")
        }
        guard !command.configuration.subcommands.isEmpty else { return [first] + before + rest }
        let between = try takeGlobals(&rest)
        guard let verb = rest.first else { return [first] }
        if verb.hasPrefix("-") {
            try refuseMisplaced(verb, behind: [first], rest.dropFirst())
            return [first] + rest
        }
        guard CommandTree.child(verb, of: command) != nil else {
            throw Problem("\(first) \(verb): no such command; there are: \(CommandTree.verbs(of: command))")
        }
        return [first, verb] + before + between + rest.dropFirst()
    }

    /// Refuses an option that is one of a command's and stands before it.
    private static func refuseMisplaced(
        _ option: String, behind words: [String], _ rest: ArraySlice<String>
    ) throws(Problem) {
        var parent: any ParsableCommand.Type = Moss.self
        for word in words { parent = CommandTree.child(word, of: parent) ?? parent }
        let own = ["-h", "--help", "-help", "--help-hidden", "--version", "--generate-completion-script"]
        guard !own.contains(option), !option.hasPrefix("--experimental"), !option.hasPrefix("---"), option != "--",
            let command = rest.first(where: { CommandTree.child($0, of: parent) != nil || aliases[$0] != nil })
        else { return }
        let form = (["moss"] + words + [command, option]).joined(separator: " ")
        throw Problem("\(option): only \(globals) may stand before the command; others stand behind it: \(form)")
    }

    /// Removes the global options, with their values, that `arguments` begins with.
    private static func takeGlobals(_ arguments: inout ArraySlice<String>) throws(Problem) -> [String] {
        var taken: [String] = []
        while let first = arguments.first {
            if options.contains(first) || isShortFlags(first, with: "D") {
                guard arguments.count > 1 else { throw Problem("\(first): its value is missing behind it") }
                let split = first.hasPrefix("--") || first == "-D" ? [first] : [String(first.dropLast()), "-D"]
                taken += split + arguments.prefix(2).dropFirst()
                arguments = arguments.dropFirst(2)
            } else if flags.contains(first) || isShortFlags(first) || isOptionWithValue(first) {
                taken.append(first)
                arguments.removeFirst()
            } else {
                break
            }
        }
        return taken
    }

    /// - Parameter last: a letter that stands behind the flags.
    private static func isShortFlags(_ argument: String, with last: Character? = nil) -> Bool {
        var letters = argument.dropFirst()
        if let last, letters.popLast() != last { return false }
        return argument.hasPrefix("-") && !letters.isEmpty && letters.allSatisfy(shortFlags.contains)
    }

    private static func isOptionWithValue(_ argument: String) -> Bool {
        argument.firstIndex(of: "=").map { options.contains(String(argument[..<$0])) } ?? false
    }
}
