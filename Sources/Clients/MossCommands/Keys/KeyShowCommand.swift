internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import TerminalOutput
internal import Trust

struct KeyShowCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print the public key of a secret key, for others to trust.")
    static let title = "key show"

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The name of the key.")
    var name: String

    func perform(_ context: CommandContext) throws {
        let directory = try KeyDirectory.ofUser()
        let report = KeyReport(name, try directory.load(name), PathText(try directory.file(name)))
        context.show(KeyShowReport(key: report))
    }
}
