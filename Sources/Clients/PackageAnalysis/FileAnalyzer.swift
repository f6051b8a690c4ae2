package import BytePath
import ELF
package import PackageModel

/// What files provide and need: programs, libraries and loaders, modules of pkg-config, CMake and Python; from a path
/// below `/usr` and bytes nobody has to trust.
///
/// Pure: whoever has the bytes, in memory, on disk or out of an archive, hands them over as they are asked for. A file
/// that says nothing, or is not what it seems, is no error.
package struct FileAnalyzer: Sendable {
    /// Texts that are longer than this are none that say something of a package.
    package static let textSizeMax: UInt64 = 4 << 20

    private let isSearched: @Sendable (BytePath) -> Bool

    /// The directories below `/usr` in which every loader looks.
    package static let libraryDirectories: Set<BytePath> = ["lib", "lib32", "libx32"]

    /// - Parameter isSearched: whether the loader finds libraries in a directory, given relative to `/usr`, without
    ///   being told.
    package init(isSearched: @escaping @Sendable (BytePath) -> Bool = { libraryDirectories.contains($0) }) {
        self.isSearched = isSearched
    }

    /// What anything but a directory provides by its path alone, links and special files too.
    package func providers(at path: BytePath) -> [Capability] {
        PathRules.providers(at: path)
    }

    /// What of a regular file's content ``facts(at:size:read:)`` will ask for.
    ///
    /// - Parameter beginning: the file's first bytes, at least four unless it is shorter.
    package func interest(in path: BytePath, beginning: UnsafeRawBufferPointer) -> ContentInterest {
        if PythonMetadata.isMetadata(path) { return .text }
        return !PathRules.isDebugInformation(path) && ELFFile.isELF(beginning) ? .pieces : .nothing
    }

    /// Everything a regular file says of its package, by its path and by its content.
    ///
    /// - Parameters:
    ///   - size: the file's length; nothing beyond it is asked for.
    ///   - read: the bytes at an offset, exactly as many as asked for; fewer count as a file that ends there.
    /// - Throws: what `read` throws, and nothing else.
    package func facts<Failure: Error>(
        at path: BytePath, size: UInt64, read: (_ offset: UInt64, _ count: Int) throws(Failure) -> [UInt8]
    ) throws(Failure) -> FileFacts {
        var facts = FileFacts()
        facts.capabilities.provides.formUnion(providers(at: path))
        let beginning = try read(0, Int(min(size, UInt64(ELFFile.magic.count))))
        switch beginning.withUnsafeBytes({ interest(in: path, beginning: $0) }) {
        case .nothing: break
        case .text:
            guard size <= Self.textSizeMax else { break }
            if let provider = PythonMetadata.provider(try read(0, Int(size))) {
                facts.capabilities.provides.insert(provider)
            }
        case .pieces:
            do throws(ELFReadError<Failure>) {
                let elf = try ELFFile(size: size, read: read)
                facts.elf = elf
                facts.capabilities.formUnion(ELFRules.capabilities(elf, at: path, isSearched: isSearched))
            } catch {
                switch error {
                case .source(let failure): throw failure
                case .elf(let problem): facts.elfProblem = problem.message
                }
            }
        }
        return facts
    }

    /// The same of a file in memory.
    package func facts(at path: BytePath, bytes: [UInt8]) -> FileFacts {
        facts(at: path, size: UInt64(bytes.count)) { (offset, count) throws(Never) in
            let start = Int(clamping: offset)
            guard start <= bytes.count, count <= bytes.count - start else { return [] }
            return Array(bytes[start..<(start + count)])
        }
    }
}
