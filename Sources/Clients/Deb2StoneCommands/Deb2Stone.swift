internal import ArgumentParser
internal import BytePath
internal import CollectionIndex
internal import CommandLineSupport
internal import DebianImport
internal import Downloads
internal import Publishing

/// The options of the one command there is, and what it does.
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

            Exit status: \(Deb2StoneExit.summary)
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

    func validate() throws {
        guard !inputs.isEmpty else { throw ValidationError("Name at least one package or directory.") }
        guard (1...19).contains(level) else { throw ValidationError("--level takes 1 to 19.") }
        guard jobs ?? 1 > 0 else { throw ValidationError("--jobs takes 1 or more.") }
    }

    /// Converts, reports, and returns the exit code.
    func perform(_ voice: ProgramOutput) throws(ProgramFailure<Deb2StoneExit>) -> Int32 {
        let result = try converted()
        if index { try writeIndex() }
        for failure in result.failures { voice.complain("\(failure.source): \(failure.message)") }
        let lost = json ? voice.answer(json: result.json) : voice.answer(summary(result), terminator: "")
        // What was found out counts more than that nobody could read it.
        if result.failures.isEmpty { return lost }
        return (result.packages.isEmpty ? Deb2StoneExit.failed : .someFailed).rawValue
    }

    private func converted() throws(ProgramFailure<Deb2StoneExit>) -> ConversionReport {
        let meter = ProgressMeter()
        defer { meter.clear() }
        let options = DebianImport.Options(output: output.path, level: level, release: release, jobs: jobs)
        do throws(DebianImportError) {
            let result = try DebianImport(options, progress: meter.show).convert(inputs.map(\.path))
            if let report { try result.write(to: report.path) }
            return result
        } catch {
            throw ProgramFailure(.failed, code: error.code.rawValue, "\(error)")
        }
    }

    private func writeIndex() throws(ProgramFailure<Deb2StoneExit>) {
        do throws(RepositoryError) {
            try CollectionIndexer(directory: output.path).writeIndex()
        } catch {
            throw ProgramFailure(.failed, code: "failed", "\(error)")
        }
    }

    private func summary(_ result: ConversionReport) -> String {
        var text = "\(result.packages.count) packages, \(result.entryCount) entries, "
        text += "\(result.contentBytes) bytes of content in \(result.stoneBytes) bytes of stones\n"
        for (kind, count) in result.droppedCounts { text += "  \(kind.rawValue): \(count)\n" }
        if report == nil && !result.droppedCounts.isEmpty { text += "--report FILE lists them.\n" }
        return text
    }
}
