internal import ArgumentParser

/// A command that does something.
protocol MossCommand: ParsableCommand {
    /// Noun and verb, as in `list installed`: the `command` of its JSON.
    static var title: String { get }
    /// Whether it is about a root, or anything else whose modes are named; else what it writes is the user's.
    static var worksOnRoots: Bool { get }
    var global: GlobalOptions { get }
    func perform(_ context: CommandContext) throws
}

extension MossCommand {
    static var worksOnRoots: Bool { true }
}
