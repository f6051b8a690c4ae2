import BytePath
import LinuxSystem
import StoneEmission
import StoneFormat

/// The second pass over one .deb: its contents, put down once each, become the stone that was planned.
struct StoneBuilder {
    let plan: PackagePlan
    let outputDirectory: BytePath
    let scratchName: BytePath
    let options: StoneWriterOptions

    /// Writes the stone and returns its size. It appears under its name only when it is whole.
    func build() throws(DebianImportError) -> UInt64 {
        let stone = plan.stone
        var contents = try onDisk(outputDirectory) { () throws(SystemError) in
            try ScratchContents(in: outputDirectory, name: scratchName)
        }
        try collect(stone.files, into: &contents)
        let name = BytePath(plan.stoneFileName)
        let output = try onDisk(outputDirectory) { () throws(SystemError) in try StoneDirectory(outputDirectory) }
        do throws(StoneEmissionError<SystemError, SystemError>) {
            return try output.write(stone, contents: &contents, as: name, scratchName: scratchName, options: options)
        } catch {
            switch error {
            case .sink(let failure): throw DebianImportError(failure, outputDirectory.appending(name))
            case .source(let failure): throw DebianImportError(failure, outputDirectory)
            case .stone(let failure): throw DebianImportError(.unrepresentable, plan.file, "\(failure)")
            }
        }
    }

    private func onDisk<R: ~Copyable>(
        _ path: BytePath, _ body: () throws(SystemError) -> R
    ) throws(DebianImportError) -> R {
        do throws(SystemError) {
            return try body()
        } catch {
            throw DebianImportError(error, path)
        }
    }

    /// Puts every wanted content down once.
    private func collect(
        _ files: [ContentFile], into contents: inout ScratchContents
    ) throws(DebianImportError) {
        if files.isEmpty { return }
        let wanted = Set(files)
        try DebFile(path: plan.file).read { (_) throws(DebianImportError) in
        } data: { (archive) throws(DebianImportError) in
            while let entry = try archive.nextEntry() {
                guard entry.isRegular, entry.hardLinkTarget == nil else { continue }
                try archive.readContent { (bytes) throws(DebianImportError) in
                    try onDisk(outputDirectory) { () throws(SystemError) in try contents.append(bytes) }
                }
                contents.endFile(where: wanted.contains)
            }
        }
        guard files.allSatisfy({ contents.contains($0) }) else {
            throw DebianImportError(.damaged, plan.file, "the file changed while it was being converted; run it again")
        }
    }
}
