import BytePath
import Digests
import ELF
internal import PackageModel

/// Hashes the content of files one after the other and looks into those that say something of their package.
struct ContentScanner: ~Copyable {
    /// What one file's content says.
    struct Facts {
        var digest: ObjectID
        var size: UInt64
        var elf: ELFFile?
        /// Why a file that begins like an ELF file is none.
        var elfProblem: String?
        /// The whole content of small texts that name licences or Python distributions.
        var text: [UInt8]?
    }

    private let directory: BytePath
    private let name: String
    private let hasher = XXH3Hasher(.bits128)
    /// The file's first bytes; all of it while `spill` is not in use.
    private var head: [UInt8] = []
    /// All of the file, once it is an ELF file and too large for `head`.
    private var spill: ScratchFile?

    private static let headSizeMax = 4 << 20

    init(directory: BytePath, name: String) {
        self.directory = directory
        self.name = name
    }

    /// Reads the current member of `archive`, which goes to `path` below `/usr`.
    mutating func read(
        _ archive: inout ArchiveReader, as path: BytePath
    ) throws(DebianImportError) -> Facts {
        let isText = CopyrightFile.isCopyright(path) || CapabilityRules.isPythonMetadata(path)
        let mayBeELF = !path.isAtOrBelow("lib/debug")
        var size: UInt64 = 0
        var isKept = true
        var isSpilled = false
        head.removeAll(keepingCapacity: true)
        hasher.reset()
        try archive.readContent { (bytes) throws(DebianImportError) in
            hasher.update(bytes)
            if size == 0 { isKept = isText || mayBeELF && ELFFile.isELF(bytes) }
            size += UInt64(bytes.count)
            guard isKept else { return }
            if isSpilled {
                try append(bytes)
            } else if bytes.count <= Self.headSizeMax - head.count {
                head.append(contentsOf: bytes)
            } else if isText {
                isKept = false
            } else {
                isSpilled = true
                try startSpill()
                try append(bytes)
            }
        }
        var facts = Facts(digest: ObjectID(hasher.digest128), size: size)
        if isKept && isText { facts.text = head }
        if isKept && !isText && size > 0 { try readELF(&facts, isSpilled) }
        return facts
    }

    private mutating func startSpill() throws(DebianImportError) {
        var file: ScratchFile
        if let old = spill.take() {
            file = old
        } else {
            file = try ScratchFile(in: directory, name: name)
        }
        file.rewind(to: 0)
        try head.span.bytes.withUnsafeBytes { (bytes) throws(DebianImportError) in try file.append(bytes) }
        spill = consume file
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) throws(DebianImportError) {
        try spill?.append(bytes)
    }

    private mutating func readELF(_ facts: inout Facts, _ isSpilled: Bool) throws(DebianImportError) {
        do throws(ELFReadError<DebianImportError>) {
            facts.elf = try ELFFile(size: facts.size) { (offset, count) throws(DebianImportError) in
                if isSpilled { return try spill?.bytes(at: offset, count) ?? [] }
                let start = Int(clamping: offset)
                guard start <= head.count, count <= head.count - start else { return [] }
                return Array(head[start..<(start + count)])
            }
        } catch {
            switch error {
            case .source(let problem): throw problem
            case .elf(let problem): facts.elfProblem = problem.message
            }
        }
    }
}
