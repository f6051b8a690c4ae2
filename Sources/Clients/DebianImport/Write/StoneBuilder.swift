import BytePath
import Digests
import LinuxSystem
import PackageModel
import StoneFormat

/// The second pass over one .deb: its contents, put down once each, become the stone that was planned.
struct StoneBuilder {
    let plan: PackagePlan
    let outputDirectory: BytePath
    let scratchName: String
    let options: StoneWriterOptions

    /// Writes the stone and returns its size. It appears under its name only when it is whole.
    func build() throws(DebianImportError) -> UInt64 {
        var scratch = try ScratchFile(in: outputDirectory, name: scratchName)
        let places = try collectContents(into: &scratch)
        let files = plan.wantedSizes.map { ContentFile(digest: $0.key, size: $0.value) }
            .sorted(by: ContentFile.precedes)
        let temporary = BytePath(scratchName)
        let name = BytePath(plan.stoneFileName)
        let target = outputDirectory.appending(name)
        let output = try outputting { () throws(SystemError) in try OutputDirectory(outputDirectory) }
        let made = try outputting { () throws(SystemError) in try output.make(temporary) }
        do throws(DebianImportError) {
            let sink = try outputting { () throws(SystemError) in FileSink(try made.file.duplicate()) }
            let size = try write(files, from: scratch, at: places, to: sink, target)
            do throws(SystemError) {
                try output.finish(made, as: name, temporary)
            } catch {
                throw DebianImportError(error.below(outputDirectory), target)
            }
            return size
        } catch {
            output.drop(made)
            throw error
        }
    }

    private func outputting<R: ~Copyable>(_ body: () throws(SystemError) -> R) throws(DebianImportError) -> R {
        do throws(SystemError) {
            return try body()
        } catch {
            throw DebianImportError(error.below(outputDirectory), outputDirectory)
        }
    }

    /// Puts every wanted content into the scratch file once; where it is, by digest.
    private func collectContents(into scratch: inout ScratchFile) throws(DebianImportError) -> [ObjectID: UInt64] {
        var wanted = plan.wantedSizes
        var places: [ObjectID: UInt64] = [:]
        if wanted.isEmpty { return places }
        let hasher = XXH3Hasher(.bits128)
        try DebFile(path: plan.file).read { (_) throws(DebianImportError) in
        } data: { (archive) throws(DebianImportError) in
            while let entry = try archive.nextEntry() {
                guard entry.isRegular, entry.hardLinkTarget == nil else { continue }
                let start = scratch.size
                hasher.reset()
                try archive.readContent { (bytes) throws(DebianImportError) in
                    hasher.update(bytes)
                    try scratch.append(bytes)
                }
                let digest = ObjectID(hasher.digest128)
                if let size = wanted.removeValue(forKey: digest), size == scratch.size - start {
                    places[digest] = start
                } else {
                    scratch.rewind(to: start)
                }
            }
        }
        guard wanted.isEmpty else {
            throw DebianImportError(.damaged, plan.file, "the file changed while it was being converted; run it again")
        }
        return places
    }

    private func write(
        _ files: [ContentFile], from scratch: borrowing ScratchFile, at places: [ObjectID: UInt64],
        to sink: consuming FileSink, _ target: BytePath
    ) throws(DebianImportError) -> UInt64 {
        var writer = try makeWriter(sink, files, target)
        for file in files {
            try scratch.read(places[file.digest] ?? 0, count: file.size) { (bytes) throws(DebianImportError) in
                do throws(StoneWriteError<SystemError>) {
                    try writer.write(bytes)
                } catch {
                    throw problem(error, target)
                }
            }
        }
        return try finish(writer, target)
    }

    private func makeWriter(
        _ sink: consuming FileSink, _ files: [ContentFile], _ target: BytePath
    ) throws(DebianImportError) -> StoneWriter<FileSink> {
        do throws(StoneWriteError<SystemError>) {
            return try StoneWriter(
                sink, metadata: plan.metadata, layout: plan.entries, files: files, options: options)
        } catch {
            throw problem(error, target)
        }
    }

    private func finish(
        _ writer: consuming StoneWriter<FileSink>, _ target: BytePath
    ) throws(DebianImportError) -> UInt64 {
        let sink: FileSink
        do throws(StoneWriteError<SystemError>) {
            sink = try writer.finish()
        } catch {
            throw problem(error, target)
        }
        do throws(SystemError) {
            return try sink.size()
        } catch {
            throw DebianImportError(error, target)
        }
    }

    private func problem(_ error: StoneWriteError<SystemError>, _ target: BytePath) -> DebianImportError {
        switch error {
        case .sink(let failure): DebianImportError(failure, target)
        case .stone(let failure): DebianImportError(.unrepresentable, plan.file, "\(failure)")
        }
    }
}
