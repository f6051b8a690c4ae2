package import LinuxSystem
internal import StoneFormat

/// An open file as the source of a stone.
package struct FileSource: ByteSource, ~Copyable {
    private let file: Descriptor

    package init(_ file: consuming Descriptor) {
        self.file = file
    }

    package mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try file.read(into: buffer)
    }
}
