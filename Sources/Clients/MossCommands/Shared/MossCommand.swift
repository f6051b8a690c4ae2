internal import ArgumentParser

/// A command that does something.
protocol MossCommand: ParsableCommand {
    /// Noun and verb, as in `list installed`: the `command` of its JSON.
    static var title: String { get }
    var global: GlobalOptions { get }
    func perform(_ context: CommandContext) throws
}
