internal import BytePath
internal import LinuxSystem

/// The right to mount at a directory: of all who would do so at the same time, one has it.
struct MountClaim: ~Copyable {
    /// Locked, unless its file system has no such locks.
    private let directory: Descriptor

    /// Waits a moment for another who is about to mount there, and throws when something is mounted there then.
    init(_ mountpoint: BytePath) throws(PreviewMount.Failure) {
        try Self.refuseMounted(mountpoint)
        let directory = try Self.open(mountpoint)
        try Self.lock(directory)
        try Self.refuseMounted(mountpoint)
        self.directory = directory
    }

    private static func open(_ mountpoint: BytePath) throws(PreviewMount.Failure) -> Descriptor {
        do throws(SystemError) {
            return try Descriptor.openDirectory(mountpoint)
        } catch {
            throw PreviewMount.Failure("\(error.number.message) (\(error.call))")
        }
    }

    private static func lock(_ directory: borrowing Descriptor) throws(PreviewMount.Failure) {
        for _ in 0..<1000 {
            // A file system without locks keeps nobody from mounting.
            guard let isLocked = try? directory.lock(.exclusive) else { return }
            if isLocked { return }
            pause(milliseconds: 10)
        }
        throw PreviewMount.Failure("somebody else is about to mount here, and takes long; try again, or elsewhere")
    }

    private static func refuseMounted(_ mountpoint: BytePath) throws(PreviewMount.Failure) {
        guard let mount = try? MountTable.read().last(where: { $0.path == mountpoint }) else { return }
        guard mount.type == "fuse.moss" else {
            throw PreviewMount.Failure("a file system (\(mount.type)) is mounted here already; use another directory")
        }
        throw PreviewMount.Failure("a view is mounted here already; unmount it first")
    }

    /// Does nothing but use the claim, which therefore lives at least until this call.
    borrowing func hold() {}
}
