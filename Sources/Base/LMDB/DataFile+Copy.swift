import Glibc
internal import LinuxSystem

/// Private copies of files that somebody else may change or cut short at any moment.
extension DataFile {
    /// How often a copy is begun again because a commit came in between.
    private static let attempts = 20
    private static let chunkSize = 1 << 20

    /// A copy in memory of the file in `directory`, as it was after one commit, with every page checked.
    ///
    /// Pages that a commit has in use are overwritten only after a further one: where there was none between the first
    /// and the last look at the meta pages, the copy is whole.
    static func checkedCopy(of directory: borrowing Descriptor, limit: UInt64) throws(Problem) -> Descriptor {
        let source = try DataFile(in: directory)
        guard try source.byteCount() > 0 else { throw .errno(ENOENT) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkSize, alignment: 8)
        defer { buffer.deallocate() }
        for _ in 0..<attempts {
            let meta = try source.newestMeta()
            let copy = try source.copy(meta, limit, buffer)
            guard try source.newestMeta() == meta else { continue }
            try PageWalk.check(copy, try copy.newestMeta())
            return copy.takeFile()
        }
        throw .isChanging
    }

    private func copy(
        _ meta: Meta, _ limit: UInt64, _ buffer: UnsafeMutableRawBufferPointer
    ) throws(Problem) -> DataFile {
        let (needed, overflow) = (meta.lastPage &+ 1).multipliedReportingOverflow(by: UInt64(meta.pageSize))
        guard !overflow, meta.lastPage < UInt64.max else { throw .damaged("impossible page count") }
        let size = min(try byteCount(), needed)
        guard size <= limit else { throw .tooLarge(size) }
        do throws(SystemError) {
            let copy = try Descriptor.memoryFile(named: "moss-database")
            try copy.truncate(to: size)
            var offset: UInt64 = 0
            while offset < size {
                let part = UnsafeMutableRawBufferPointer(
                    rebasing: buffer[..<Int(min(UInt64(buffer.count), size - offset))])
                let count = try file.read(into: part, at: offset)
                // It was cut short meanwhile: what is missing reads as zeros, which the check finds.
                if count == 0 { break }
                let bytes = UnsafeRawBufferPointer(rebasing: part[..<count])
                // What is a hole, or might be one, takes no memory.
                if !Self.isZero(bytes) { try copy.write(bytes, at: offset) }
                offset += UInt64(count)
            }
            return try DataFile(copy)
        } catch {
            throw .errno(error.number.rawValue)
        }
    }

    private consuming func takeFile() -> Descriptor { file }

    private static func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress, bytes.count > 1, bytes[0] == 0 else { return false }
        return memcmp(start, start + 1, bytes.count - 1) == 0
    }
}
