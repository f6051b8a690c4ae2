import BytePath
import LinuxSystem

/// A nameless temporary file: bytes too many for memory, gone when its owner lets go.
struct ScratchFile: ~Copyable {
    private let descriptor: Descriptor
    private let directory: BytePath
    private(set) var size: UInt64 = 0

    /// - Parameters:
    ///   - directory: where there is space for it.
    ///   - name: not used by anybody else in there; it is removed at once.
    init(in directory: BytePath, name: String) throws(DebianImportError) {
        descriptor = try Self.open(in: directory, BytePath(name))
        self.directory = directory
    }

    private static func open(in directory: BytePath, _ name: BytePath) throws(DebianImportError) -> Descriptor {
        do throws(SystemError) {
            let output = try OutputDirectory(directory)
            return try output.makeUnnamed(name)
        } catch {
            throw DebianImportError(error, directory)
        }
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) throws(DebianImportError) {
        do throws(SystemError) {
            try descriptor.write(bytes, at: size)
        } catch {
            throw DebianImportError(error, directory)
        }
        size += UInt64(bytes.count)
    }

    /// Forgets everything from `size` on; the space is written over by what comes next.
    mutating func rewind(to size: UInt64) {
        self.size = min(self.size, size)
    }

    /// The `count` bytes at `offset`; fewer at the end.
    func bytes(at offset: UInt64, _ count: Int) throws(DebianImportError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        try read(offset, count: UInt64(count)) { (piece) throws(DebianImportError) in bytes.append(contentsOf: piece) }
        return bytes
    }

    /// Hands out `count` bytes from `offset` in pieces.
    func read(
        _ offset: UInt64, count: UInt64, _ body: (UnsafeRawBufferPointer) throws(DebianImportError) -> Void
    ) throws(DebianImportError) {
        let pieceSize = Int(min(count, 1 << 18))
        guard pieceSize > 0 else { return }
        try withUnsafeTemporaryAllocation(byteCount: pieceSize, alignment: 16) {
            (buffer) throws(DebianImportError) -> Void in
            var position = offset
            let end = min(offset + count, size)
            while position < end {
                let piece = UnsafeMutableRawBufferPointer(
                    rebasing: buffer[..<Int(min(UInt64(pieceSize), end - position))])
                let got = try read(piece, at: position)
                if got == 0 { return }
                try body(UnsafeRawBufferPointer(rebasing: piece[..<got]))
                position += UInt64(got)
            }
        }
    }

    private func read(_ buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(DebianImportError) -> Int {
        do throws(SystemError) {
            return try descriptor.read(into: buffer, at: offset)
        } catch {
            throw DebianImportError(error, directory)
        }
    }
}
