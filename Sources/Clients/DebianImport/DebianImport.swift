package import BytePath
import LinuxSystem
import PackageModel
import StoneEmission
import StoneFormat

/// Debian packages in, stones out: what moves under /usr, what is dropped, and which dependencies remain.
///
/// Converts one set of .debs, one stone each, and lists everything it leaves behind.
/// Two passes over every .deb. The first keeps layout, digests and capabilities; with those of the whole set relations
/// and contested paths are settled; the second puts a package's contents into a scratch file, each once, and writes
/// the stone from there. Memory holds the layouts of the set and blocks of content, whatever the packages' sizes.
/// The same .debs and options give the same bytes. Nothing of a .deb is run, nothing of it is trusted.
package struct DebianImport: Sendable {
    package struct Options: Sendable {
        /// Where the stones go; made if it is not there. Scratch files live there too.
        package var output: BytePath
        /// zstd level.
        package var level: Int
        /// The release every stone gets: Debian's versions do not fit a number, so who converts has to count.
        package var release: UInt64
        /// Packages worked on at a time.
        package var jobs: Int

        /// - Parameter jobs: nil for one per processor.
        package init(output: BytePath, level: Int = 9, release: UInt64 = 1, jobs: Int? = nil) {
            self.output = output
            self.level = level
            self.release = release
            self.jobs = max(1, jobs ?? processorCount())
        }
    }

    package struct Progress: Sendable {
        package enum Phase: Sendable { case reading, writing }
        package var phase: Phase
        package var done: Int
        package var total: Int
        /// The package just done.
        package var name: String
    }

    /// Windows larger than this save little and cost every reader that much memory.
    private static let windowLogMax = 24
    /// Whose unfinished files they are.
    private static let scratchOwner = "deb2stone"

    package let options: Options
    private let report: @Sendable (Progress) -> Void

    /// - Parameter progress: called from any of the working threads, one call at a time.
    package init(_ options: Options, progress: @escaping @Sendable (Progress) -> Void = { _ in }) {
        self.options = options
        let progress = Guarded(progress)
        report = { step in progress.withLock { $0(step) } }
    }

    /// Converts files, and the `.deb`s directly in directories, as one set.
    ///
    /// Packages that cannot be converted are failures in the report; the others are converted without them.
    /// - Throws: only what stops everything: inputs that cannot be listed, an output directory that cannot be made.
    package func convert(_ inputs: [BytePath]) throws(DebianImportError) -> ConversionReport {
        let files = try listed(inputs)
        try prepareOutput()
        var failures: [DebianImportError] = []
        let scanned = distinct(scan(files, &failures), &failures)
        let plans = PackageSet(scanned, release: options.release).plans()
        var report = ConversionReport()
        report.packages = write(plans, &failures)
        report.failures = failures.sorted { $0.file < $1.file }.map {
            ConversionReport.Failure(source: $0.file.display, code: $0.code.rawValue, message: $0.message)
        }
        return report
    }

    private func listed(_ inputs: [BytePath]) throws(DebianImportError) -> [BytePath] {
        var files: Set<BytePath> = []
        for input in inputs {
            do throws(SystemError) {
                guard try Descriptor.open(input, .nonBlocking).status().kind == .directory else {
                    files.insert(input)
                    continue
                }
                for entry in try Descriptor.openDirectory(input).entries()
                where entry.name.bytes.suffix(4).elementsEqual(".deb".utf8) {
                    files.insert(input.appending(entry.name))
                }
            } catch {
                throw DebianImportError(error, input)
            }
        }
        return files.sorted()
    }

    private func prepareOutput() throws(DebianImportError) {
        do throws(SystemError) {
            try Descriptor.openDirectory(".").ensureDirectory(options.output)
            try StoneDirectory(options.output).removeLeftovers(of: Self.scratchOwner)
        } catch {
            throw DebianImportError(error, options.output)
        }
    }

    private func scan(_ files: [BytePath], _ failures: inout [DebianImportError]) -> [ScannedPackage] {
        let results = inParallel(files, .reading, name: { $0.lastComponent.display }) {
            (file, worker) throws(DebianImportError) in
            let name = StoneDirectory.scratchName(of: Self.scratchOwner, worker)
            return try PackageScanner(file: file, scratchDirectory: options.output, scratchName: name).scan()
        }
        return successes(results, &failures)
    }

    /// One package for each name and architecture: of several the first by path.
    private func distinct(
        _ packages: [ScannedPackage], _ failures: inout [DebianImportError]
    ) -> [ScannedPackage] {
        var seen: [String: BytePath] = [:]
        return packages.filter { package in
            let key = "\(package.control.name):\(package.control.architecture)"
            guard let first = seen[key] else {
                seen[key] = package.file
                return true
            }
            failures.append(
                DebianImportError(.duplicate, package.file, "\(key) is in the set already, as \(first.display)"))
            return false
        }
    }

    private func write(_ plans: [PackagePlan], _ failures: inout [DebianImportError]) -> [ConversionReport.Package] {
        let writerOptions = StoneWriterOptions(
            recordLevel: options.level, contentLevel: options.level, windowLog: Self.windowLogMax)
        // The largest first, so that none of them is left to one thread at the end.
        let ordered = plans.map { (plan: $0, size: $0.stone.contentSize) }.sorted {
            ($1.size, $0.plan.metadata.name) < ($0.size, $1.plan.metadata.name)
        }
        let results = inParallel(ordered, .writing, name: { $0.plan.metadata.name }) {
            (item, worker) throws(DebianImportError) in
            let plan = item.plan
            let builder = StoneBuilder(
                plan: plan, outputDirectory: options.output,
                scratchName: StoneDirectory.scratchName(of: Self.scratchOwner, worker),
                options: writerOptions)
            let size = try builder.build()
            return ConversionReport.Package(
                name: plan.metadata.name, version: plan.metadata.version, architecture: plan.metadata.architecture,
                source: plan.file.display, stone: plan.stoneFileName, entries: plan.entries.count,
                contentBytes: item.size, stoneBytes: size, dropped: plan.dropped)
        }
        return successes(results, &failures).sorted { ($0.name, $0.architecture) < ($1.name, $1.architecture) }
    }

    /// Runs `body` on every item, on as many threads as there are jobs; results in the items' order.
    private func inParallel<Item: Sendable, Output: Sendable>(
        _ items: [Item], _ phase: Progress.Phase, name: @escaping @Sendable (Item) -> String,
        _ body: @escaping @Sendable (Item, Int) throws(DebianImportError) -> Output
    ) -> [Result<Output, DebianImportError>] {
        let state = Guarded<(next: Int, results: [Int: Result<Output, DebianImportError>])>((0, [:]))
        let work: @Sendable (Int) -> Void = { worker in
            while true {
                let position = state.withLock { state in
                    defer { state.next += 1 }
                    return state.next
                }
                guard position < items.count else { return }
                let result = Result { () throws(DebianImportError) in try body(items[position], worker) }
                let done = state.withLock { state in
                    state.results[position] = result
                    return state.results.count
                }
                report(Progress(phase: phase, done: done, total: items.count, name: name(items[position])))
            }
        }
        withThreads(min(options.jobs, max(1, items.count)), work)
        return state.withLock { state in items.indices.compactMap { state.results[$0] } }
    }

    private func successes<Output>(
        _ results: [Result<Output, DebianImportError>], _ failures: inout [DebianImportError]
    ) -> [Output] {
        var outputs: [Output] = []
        for result in results {
            switch result {
            case .success(let output): outputs.append(output)
            case .failure(let error): failures.append(error)
            }
        }
        return outputs
    }
}
