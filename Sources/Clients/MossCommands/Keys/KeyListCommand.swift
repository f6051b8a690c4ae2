internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import Trust

struct KeyListCommand: MossCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List your secret keys.")
    static let title = "key list"

    @OptionGroup var global: GlobalOptions

    func perform(_ context: CommandContext) throws {
        let directory = try KeyDirectory.ofUser()
        var report = KeyListReport(keys: [])
        for name in try directory.names() {
            let path = PathText(try directory.file(name))
            do throws(TrustError) {
                report.keys.append(KeyReport(name, try directory.load(name), path))
            } catch {
                report.keys.append(KeyReport(name, problem: error.description, path))
            }
        }
        context.show(report)
    }
}
