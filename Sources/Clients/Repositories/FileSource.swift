internal import LinuxSystem
internal import StoneFormat

/// An open file as the source of a stone.
struct FileSource: ByteSource, ~Copyable {
    private let file: Descriptor

    init(_ file: consuming Descriptor) {
        self.file = file
    }

    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try file.read(into: buffer)
    }
}
