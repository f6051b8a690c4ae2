/// Brings a command line into the one form that the argument parser understands.
///
/// Global options in front of the command move behind it, and a short name in the place of the command, and only
/// there, becomes what it stands for. Everything after the command words stays as it is.
package enum CommandLineForm {
    private static let flags: Set<String> = ["--yes-all", "--verbose", "--json", "--wait"]
    private static let shortFlags: Set<Character> = ["y", "v"]
    private static let options: Set<String> = ["-D", "--directory", "--color"]

    static let aliases: [String: [String]] = [
        "it": ["install"], "rm": ["remove"], "up": ["sync"], "fe": ["fetch"], "sr": ["search"],
        "sf": ["search-file"], "ix": ["index"], "li": ["list", "installed"], "la": ["list", "available"],
        "ls": ["list", "sync"], "lu": ["list", "sync", "--upgrade-only"], "ar": ["repo", "add"],
        "lr": ["repo", "list"], "rr": ["repo", "remove"], "ur": ["repo", "update"], "er": ["repo", "enable"],
        "dr": ["repo", "disable"],
    ]
    private static let nouns: Set<String> = ["repo", "collection", "list", "state", "store"]

    package static func rewritten(_ arguments: [String]) -> [String] {
        var rest = arguments[...]
        let before = takeGlobals(&rest)
        guard let first = rest.first else { return before }
        if first == "-V" { return ["--version"] }
        guard !first.hasPrefix("-") else { return before + rest }
        // The argument parser's own command, which knows none of our options.
        if first == "help" { return Array(rest) }
        rest.removeFirst()
        if let command = aliases[first] { return command + before + rest }
        guard nouns.contains(first) else { return [first] + before + rest }
        let between = takeGlobals(&rest)
        guard let verb = rest.first, !verb.hasPrefix("-") else { return [first] + before + between + rest }
        return [first, verb] + before + between + rest.dropFirst()
    }

    /// Removes the global options, with their values, that `arguments` begins with.
    private static func takeGlobals(_ arguments: inout ArraySlice<String>) -> [String] {
        var taken: [String] = []
        while let first = arguments.first {
            if options.contains(first) {
                taken += arguments.prefix(2)
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

    private static func isShortFlags(_ argument: String) -> Bool {
        argument.hasPrefix("-") && argument.count > 1 && argument.dropFirst().allSatisfy(shortFlags.contains)
    }

    private static func isOptionWithValue(_ argument: String) -> Bool {
        argument.firstIndex(of: "=").map { options.contains(String(argument[..<$0])) } ?? false
    }
}
