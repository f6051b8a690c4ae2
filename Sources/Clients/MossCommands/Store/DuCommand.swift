internal import ArgumentParser
internal import CommandLineSupport
internal import Installation
internal import States

struct DuCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "du", abstract: "Show what states and packages hold, and what removing them would free.",
        discussion: """
            Exclusive is what no other state has. What live views or the trees on disk have as well does not come free \
            with a state, but when they are done with it. Without states this tells about all of them.
            """)
    static let title = "du"

    @OptionGroup var global: GlobalOptions

    @Argument(help: "Numbers or names of states.")
    var states: [StateReference] = []

    @Flag(help: "Tell about the packages of the states too.")
    var packages = false

    func perform(_ context: CommandContext) throws {
        let installation = try context.openForReading()
        let chosen = try states.map { try $0.state(in: installation) }
        let use = try installation.spaceUse(of: chosen, withPackages: packages)
        context.show(DuReport(use, withPackages: packages))
    }
}
