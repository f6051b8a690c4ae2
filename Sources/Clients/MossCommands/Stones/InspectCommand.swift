internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import LinuxSystem
internal import StoneFiles
internal import StoneFormat

struct InspectCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what is in stones: packages, indices and build manifests.")
    static let title = "inspect"
    static let worksOnRoots = false

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Verify all of the file, its content too.")
    var check = false

    @Flag(name: .shortAndLong, help: "Print nothing; the exit code tells. Needs --check.")
    var quiet = false

    @Argument(help: "Stones to look into.")
    var file: [PathArgument]

    func validate() throws {
        if quiet && !check { throw ValidationError("--quiet needs --check") }
    }

    func perform(_ context: CommandContext) throws {
        var stones: [StoneDescription] = []
        for file in file { stones.append(Self.describe(file.path, check: check)) }
        if !quiet { context.show(InspectReport(stones: stones, isCheck: check)) }
        if stones.contains(where: { $0.error != nil }) { context.end(with: .failed) }
    }

    private static func describe(_ path: BytePath, check: Bool) -> StoneDescription {
        var stone = StoneDescription(PathText(path))
        let inspection = StoneInspection(of: path)
        do {
            if check {
                try inspection.verify { try stone.add($0) }
            } else {
                try inspection.read { try stone.add($0) }
            }
        } catch {
            stone.error = "\(error)"
            stone.code = CommandFailure.invalidStone
            if error is SystemError { stone.code = "failed" }
            if case .source? = error as? StoneReadError<SystemError> { stone.code = "failed" }
        }
        return stone
    }
}
