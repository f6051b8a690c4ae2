internal import BytePath
internal import LinuxSystem

/// The `usr` directory that a stone is unpacked into.
///
/// Each path is walked from there directory by directory, refusing links; files and links are made only where there is
/// nothing yet.
final class ExtractionTarget {
    private let top: Descriptor
    private let path: BytePath
    /// The directory used last; neighbours in a layout mostly share it.
    private var current: Descriptor
    private var currentPath: BytePath = ""
    private(set) var directoryCount = 0

    /// Makes the directory `name` in the directory `path`.
    init(making name: BytePath, in path: BytePath) throws(SystemError) {
        let parent = try Descriptor.openDirectory(path)
        do throws(SystemError) {
            try parent.makeDirectory(name)
            top = try parent.openDirectory(name)
        } catch {
            throw error.below(path)
        }
        current = try top.duplicate()
        self.path = path.appending(name)
    }

    func ensureDirectory(_ path: BytePath) throws(SystemError) {
        try naming(path) { () throws(SystemError) in try enter(path) }
    }

    /// A new file, open for writing, readable and writable by its owner only until its mode is set.
    func createFile(_ path: BytePath) throws(SystemError) -> Descriptor {
        try inParent(of: path) { (directory, name) throws(SystemError) in
            try directory.makeFile(name, mode: 0o600)
        }
    }

    func makeLink(_ path: BytePath, to text: BytePath) throws(SystemError) {
        try inParent(of: path) { (directory, name) throws(SystemError) in
            try directory.makeSymlink(name, to: text)
        }
    }

    /// Appends the bytes of a file made before to `file`.
    func copyContents(of path: BytePath, to file: borrowing Descriptor) throws(SystemError) {
        let source = try inParent(of: path) { (directory, name) throws(SystemError) in
            try directory.open(name, .noFollow)
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let count = try source.read(into: buffer)
            if count == 0 { return }
            try file.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// Sets the mode of a directory made before.
    func setMode(_ mode: UInt32, of path: BytePath) throws(SystemError) {
        try naming(path) { () throws(SystemError) in
            try enter(path)
            try current.setMode(mode)
        }
    }

    private func inParent<R: ~Copyable>(
        of path: BytePath, _ body: (borrowing Descriptor, BytePath) throws(SystemError) -> R
    ) throws(SystemError) -> R {
        try naming(path) { () throws(SystemError) in
            try enter(path.parent)
            return try body(current, path.lastComponent)
        }
    }

    /// What fails on the way to a path fails for the path.
    private func naming<R: ~Copyable>(
        _ path: BytePath, _ body: () throws(SystemError) -> R
    ) throws(SystemError) -> R {
        do throws(SystemError) {
            return try body()
        } catch {
            throw SystemError(error.number, call: error.call, path: self.path.appending(path))
        }
    }

    /// Makes `current` the directory at `path`, with everything above it.
    private func enter(_ path: BytePath) throws(SystemError) {
        if currentPath == path { return }
        var directory = try top.duplicate()
        for component in path.components {
            let name = BytePath(bytes: Array(component))
            do throws(SystemError) {
                try directory.makeDirectory(name)
                directoryCount += 1
            } catch {
                guard error.number == .alreadyExists else { throw error }
            }
            directory = try directory.openDirectory(name)
        }
        current = directory
        currentPath = path
    }
}
