import ArgumentParser
import BytePath
import LinuxSystem

/// Measures moss against the limits of the machine it runs on; `Benchmarks/README.md` says how.
@main
struct Entrypoint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "moss-benchmark", abstract: "Measure moss against raw system calls and zstd, as root.")

    @Option(help: "Repetitions; tables show medians.") var rounds = 5
    @Option(help: "Packages of the corpus.") var packages = 2000
    @Option(help: "Paths of the corpus.") var entries = 200_000
    @Option(help: "Where the image and the corpus are kept.") var work = "/var/tmp/moss-benchmark"
    @Option(help: "Size of the ext4 image in GiB; the file is sparse.") var imageGigabytes = 12
    @Option(help: "zstd level of the unpack packages; 18 is what stones in repositories have.") var level = 18
    @Option(
        help: "Only these tables: solve, unpack, start, compose, blit, change, view, collect, check; may be repeated.")
    var only: [Part] = []

    enum Part: String, CaseIterable, ExpressibleByArgument {
        case solve, unpack, start, compose, blit, change, view, collect, check
    }

    func run() throws {
        CurrentProcess.prepareForRoots()
        let parts = Set(only.isEmpty ? Part.allCases : only)
        let report = Report()
        if parts.contains(.solve) {
            Report.begin("solving")
            report.add(try SolveFigures(rounds: rounds).table())
        }
        guard parts != [.solve] else { return }
        let work = BytePath(work)
        let tools = Tools(directory: try CurrentProcess.executablePath().parent)
        try Descriptor.openDirectory(work.parent).ensureDirectory(work.lastComponent)
        Report.begin("making the corpus")
        let inputs = try BenchmarkInputs(
            directory: work, tools: tools, packages: packages, entries: entries, level: level)
        let image = try JournaledImage(at: work.appending("image"), gigabytes: imageGigabytes)
        defer { image.unmount() }

        if parts.contains(.unpack) {
            Report.begin("unpacking stones, against zstd")
            report.add(try UnpackLimits(inputs: inputs, mountPoint: image.mountPoint, rounds: rounds).table())
        }
        if !parts.isSubset(of: [.solve, .unpack]) {
            Report.begin("installing the corpus")
            let moss = try MossRoot(
                "root", with: "corpus-all", of: inputs.collection, tools: tools, mountPoint: image.mountPoint)
            for part in Part.allCases where parts.contains(part) {
                try add(part, to: report, moss, tools, inputs, image)
            }
        }
    }

    /// The tables that need the installed corpus.
    private func add(
        _ part: Part, to report: Report, _ moss: MossRoot, _ tools: Tools, _ inputs: BenchmarkInputs,
        _ image: JournaledImage
    ) throws {
        Report.begin("part \(part.rawValue)")
        switch part {
        case .solve, .unpack: break
        case .start: report.add(try StartupFigures(moss: moss, rounds: rounds).table())
        case .compose: report.add(try ComposeFigures(moss: moss, rounds: rounds).table())
        case .blit: report.add(try BlitFigures(moss: moss, tools: tools, image: image, rounds: rounds).table())
        case .change: report.add(try ChangeFigures(moss: moss, rounds: rounds).table())
        case .view:
            try ViewFigures(moss: moss, tools: tools, inputs: inputs, image: image, rounds: rounds).add(to: report)
        case .collect:
            report.add(
                try CollectFigures(moss: moss, inputs: inputs, tools: tools, mountPoint: image.mountPoint).table())
        case .check: try CheckFigures(moss: moss, tools: tools, rounds: rounds).add(to: report)
        }
    }
}
