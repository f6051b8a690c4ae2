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
    @Flag(help: "Only what needs no moss.") var withoutMoss = false

    func run() throws {
        let work = BytePath(work)
        let tools = Tools(directory: try CurrentProcess.executablePath().parent)
        try Descriptor.openDirectory(work.parent).ensureDirectory(work.lastComponent)
        let inputs = try BenchmarkInputs(
            directory: work, tools: tools, packages: packages, entries: entries, level: level)
        let image = try JournaledImage(at: work.appending("image"), gigabytes: imageGigabytes)
        defer { image.unmount() }

        var report = Report()
        try report.add(UnpackLimits(inputs: inputs, mountPoint: image.mountPoint, rounds: rounds).table())
        if !withoutMoss {
            let moss = try MossRoot(inputs: inputs, tools: tools, mountPoint: image.mountPoint)
            try report.add(StartupFigures(moss: moss, rounds: rounds).table())
            try report.add(ComposeFigures(moss: moss, rounds: rounds).table())
            try report.add(BlitFigures(moss: moss, tools: tools, image: image, rounds: rounds).table())
            try report.add(ChangeFigures(moss: moss, rounds: rounds).table())
        }
        print(report.text)
    }
}
