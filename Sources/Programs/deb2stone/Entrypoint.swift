import ArgumentParser
import BytePath
import CommandLineSupport
import DebianImport
import Glibc
import LinuxSystem
import Repositories

/// Turns Debian packages into stones.
@main
struct Deb2Stone: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deb2stone",
        abstract: "Turn Debian packages into stones.",
        discussion: """
            All packages given form one set: dependencies are resolved inside it, and what nothing in the set can \
            satisfy is left out and listed. Files go below /usr as on a merged system; /etc becomes \
            share/defaults/etc, /var share/factory/var, /boot lib/kernel/boot; other places are left out. \
            Maintainer scripts are never run; what they would have done is missing. --report tells everything that \
            was left out or changed.

            Exit status: 0 all packages were converted; 1 some were not, the others were; 2 no package was, or index or report could not be written; \
            11 all was done, but standard output could not be written; 64 wrong arguments.
            """)

    @Argument(help: ArgumentHelp("Packages, or directories of them.", valueName: "deb|dir"), completion: .file())
    var inputs: [PathArgument]

    @Option(name: .shortAndLong, help: "Directory for the stones.", completion: .directory)
    var output = PathArgument(".")

    @Flag(help: "Write stone.index of all stones in the output directory too.")
    var index = false

    @Option(help: "zstd level, 1 to 19.")
    var level = 9

    @Option(name: .shortAndLong, help: "Packages to work on at a time (default: one per processor).")
    var jobs: Int?

    @Flag(help: "Print the report as JSON.")
    var json = false

    @Option(help: "Write what was left out or changed to this file, as JSON if its name ends in .json.")
    var report: PathArgument?

    @Option(
        help: """
            Release number of all stones: the only thing that orders versions of a package. Debian's versions cannot \
            be turned into one, so raise it with every conversion of newer packages.
            """)
    var release: UInt64 = 1

    private static let voice = ProgramOutput(of: "deb2stone")

    static func main() {
        CurrentProcess.prepare()
        do {
            var command = try parseAsRoot(Array(ArgumentText.ofProcess().dropFirst()))
            try command.run()
            Glibc.exit(0)
        } catch {
            let text = fullMessage(for: error)
            let code = exitCode(for: error).rawValue
            // Help, versions and completion scripts come as errors too.
            if code == 0 { Glibc.exit(voice.answer(text)) }
            if !text.isEmpty { voice.explain(text) }
            Glibc.exit(code)
        }
    }

    func validate() throws {
        guard !inputs.isEmpty else { throw ValidationError("Name at least one package or directory.") }
        guard (1...19).contains(level) else { throw ValidationError("--level takes 1 to 19.") }
        guard jobs ?? 1 > 0 else { throw ValidationError("--jobs takes 1 or more.") }
    }

    func run() throws {
        let meter = ProgressMeter()
        let options = DebianImport.Options(output: output.path, level: level, release: release, jobs: jobs)
        let result: ConversionReport
        do throws(DebianImportError) {
            result = try DebianImport(options, progress: meter.show).convert(inputs.map(\.path))
            if let report { try result.write(to: report.path) }
        } catch {
            meter.clear()
            try fail("\(error)", status: 2)
        }
        meter.clear()
        if index { try writeIndex() }
        for failure in result.failures { Self.voice.complain("\(failure.source): \(failure.message)") }
        let lost = json ? Self.voice.answer(json: result.json) : Self.voice.answer(summary(result), terminator: "")
        // What was found out counts more than that nobody could read it.
        if !result.failures.isEmpty { throw ExitCode(result.packages.isEmpty ? 2 : 1) }
        if lost != 0 { throw ExitCode(lost) }
    }

    private func writeIndex() throws {
        do throws(RepositoryError) {
            try CollectionIndexer(directory: output.path).writeIndex()
        } catch {
            try fail("\(error)", status: 2)
        }
    }

    private func summary(_ result: ConversionReport) -> String {
        var text = "\(result.packages.count) packages, \(result.entryCount) entries, "
        text += "\(result.contentBytes) bytes of content in \(result.stoneBytes) bytes of stones\n"
        for (kind, count) in result.droppedCounts { text += "  \(kind.rawValue): \(count)\n" }
        if report == nil && !result.droppedCounts.isEmpty { text += "--report FILE lists them.\n" }
        return text
    }

    private func fail(_ message: String, status: Int32) throws -> Never {
        Self.voice.complain(message)
        throw ExitCode(status)
    }
}
