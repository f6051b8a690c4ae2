package import BytePath
internal import Digests
package import LinuxSystem

/// An index or a stone of a local collection: a regular file, whatever links lead to it.
package struct RegularFile: ~Copyable {
    package let file: Descriptor
    package let status: FileStatus

    /// - Throws: `invalidLocation` for a pipe, a device and the like. What is there is looked at before it is opened:
    ///   opening some of them waits, or does something.
    package init(_ path: BytePath) throws(RepositoryError) {
        let place = try reporting(below: path) { () throws(SystemError) in try Descriptor.open(path, .pathOnly) }
        try Self.check(reporting(below: path) { () throws(SystemError) in try place.status() }, path)
        let file = try reporting(below: path) { () throws(SystemError) in try Descriptor.open(path, .nonBlocking) }
        // It may have been replaced in between.
        try self.init(file, path)
    }

    /// Takes an open file.
    package init(_ file: consuming Descriptor, _ path: BytePath) throws(RepositoryError) {
        let status = try reporting(below: path) { () throws(SystemError) in try file.status() }
        try Self.check(status, path)
        self.file = file
        self.status = status
    }

    private static func check(_ status: FileStatus, _ path: BytePath) throws(RepositoryError) {
        guard status.kind == .regular else {
            throw RepositoryError(
                .invalidLocation, path.display, "this is \(status.kind.name), where a regular file has to be")
        }
    }

    /// The descriptor, for reading.
    package consuming func opened() -> Descriptor { file }
}

extension FileStatus {
    /// A number that is another one once the file's bytes or its inode may be others: a hash over device, inode, size
    /// and both times. 0 where the last change is less than two seconds old, and matches nothing.
    ///
    /// The time of change is among them since anybody can set the time of modification, and copying tools do. The
    /// kernel's clock for files is coarse: a file written twice in a moment has one time for two contents.
    package var settledIdentity: UInt64 {
        guard currentTimeSeconds() - changed / 1_000_000_000 >= 2 else { return 0 }
        let facts = [device, inode, size, UInt64(bitPattern: modified), UInt64(bitPattern: changed)]
        return facts.withUnsafeBytes { max(1, xxh3Digest64($0)) }
    }
}
