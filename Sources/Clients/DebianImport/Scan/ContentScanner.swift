import BytePath
import Digests
import LinuxSystem
import PackageAnalysis
internal import PackageModel
import StoneEmission

/// Hashes the content of files one after the other and looks into those that say something of their package.
struct ContentScanner: ~Copyable {
    /// What one file's content says.
    struct Findings {
        var digest: ObjectID
        var size: UInt64
        var facts = FileFacts()
        /// The names in a copyright file.
        var licenses: [String] = []
    }

    private let analyzer: FileAnalyzer
    private let directory: BytePath
    private let name: BytePath
    private let hasher = XXH3Hasher(.bits128)
    /// The file's first bytes; all of it while `spill` is not in use.
    private var head: [UInt8] = []
    /// All of the file, once it is to be read in pieces and too large for `head`.
    private var spill: ScratchFile?

    private static let headSizeMax = Int(FileAnalyzer.textSizeMax)

    init(_ analyzer: FileAnalyzer, directory: BytePath, name: BytePath) {
        self.analyzer = analyzer
        self.directory = directory
        self.name = name
    }

    /// Reads the current member of `archive`, which goes to `path` below `/usr`.
    mutating func read(
        _ archive: inout ArchiveReader, as path: BytePath
    ) throws(DebianImportError) -> Findings {
        let isCopyright = CopyrightFile.isCopyright(path)
        var interest = ContentInterest.nothing
        var size: UInt64 = 0
        var isSpilled = false
        head.removeAll(keepingCapacity: true)
        hasher.reset()
        try archive.readContent { (bytes) throws(DebianImportError) in
            hasher.update(bytes)
            if size == 0 { interest = isCopyright ? .text : analyzer.interest(in: path, beginning: bytes) }
            size += UInt64(bytes.count)
            guard interest != .nothing else { return }
            if isSpilled {
                try spilling { (spill) throws(SystemError) in try spill?.append(bytes) }
            } else if bytes.count <= Self.headSizeMax - head.count {
                head.append(contentsOf: bytes)
            } else if interest == .text {
                interest = .nothing
            } else {
                isSpilled = true
                try startSpill(bytes)
            }
        }
        var findings = Findings(digest: ObjectID(hasher.digest128), size: size)
        if isCopyright {
            if interest == .text { findings.licenses = CopyrightFile.licenses(head) }
        } else if interest != .nothing {
            findings.facts = try facts(path, size, isSpilled)
        }
        return findings
    }

    private mutating func startSpill(_ bytes: UnsafeRawBufferPointer) throws(DebianImportError) {
        let (head, directory, name) = (head, directory, name)
        try spilling { (spill) throws(SystemError) in
            if spill == nil { spill = try ScratchFile(in: directory, name: name) }
            spill?.rewind(to: 0)
            try head.span.bytes.withUnsafeBytes { (bytes) throws(SystemError) in try spill?.append(bytes) }
            try spill?.append(bytes)
        }
    }

    private mutating func spilling(
        _ body: (inout ScratchFile?) throws(SystemError) -> Void
    ) throws(DebianImportError) {
        do throws(SystemError) {
            try body(&spill)
        } catch {
            throw DebianImportError(error, directory)
        }
    }

    private func facts(
        _ path: BytePath, _ size: UInt64, _ isSpilled: Bool
    ) throws(DebianImportError) -> FileFacts {
        guard isSpilled else { return analyzer.facts(at: path, bytes: head) }
        do throws(SystemError) {
            return try analyzer.facts(at: path, size: size) { (offset, count) throws(SystemError) in
                try spill?.bytes(at: offset, count) ?? []
            }
        } catch {
            throw DebianImportError(error, directory)
        }
    }
}
