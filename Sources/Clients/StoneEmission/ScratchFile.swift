package import BytePath
package import LinuxSystem

/// A nameless temporary file: bytes too many for memory, gone when its owner lets go.
package struct ScratchFile: ~Copyable {
    private let descriptor: Descriptor
    private let directory: BytePath
    package private(set) var size: UInt64 = 0

    /// - Parameters:
    ///   - directory: where there is space for it; errors name it.
    ///   - name: not used by anybody else in there; it is removed at once.
    package init(in directory: BytePath, name: BytePath) throws(SystemError) {
        descriptor = try StoneDirectory(directory).makeUnnamed(name)
        self.directory = directory
    }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        do throws(SystemError) {
            try descriptor.write(bytes, at: size)
        } catch {
            throw error.on(directory)
        }
        size += UInt64(bytes.count)
    }

    /// Forgets everything from `size` on; the space is written over by what comes next.
    package mutating func rewind(to size: UInt64) {
        self.size = min(self.size, size)
    }

    /// The `count` bytes at `offset`; fewer at the end.
    package func bytes(at offset: UInt64, _ count: Int) throws(SystemError) -> [UInt8] {
        let count = Int(min(UInt64(count), offset < size ? size - offset : 0))
        return try [UInt8](unsafeUninitializedCapacity: count) { (buffer, filled) throws(SystemError) in
            let memory = UnsafeMutableRawBufferPointer(buffer)
            while filled < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: memory[filled..<count])
                let got = try read(into: rest, at: offset + UInt64(filled))
                if got == 0 { return }
                filled += got
            }
        }
    }

    /// Reads at most `buffer.count` bytes at `offset`; 0 at the end.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(SystemError) -> Int {
        let count = Int(min(UInt64(buffer.count), offset < size ? size - offset : 0))
        guard count > 0 else { return 0 }
        do throws(SystemError) {
            return try descriptor.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: offset)
        } catch {
            throw error.on(directory)
        }
    }
}
