import BytePath
import Glibc
import LinuxSystem

/// A journaled ext4 file system in a sparse file, where everything that writes is measured.
///
/// Root file systems of virtual machines may have no journal, and then creating after deleting is several times slower.
struct JournaledImage {
    let mountPoint: BytePath
    private let device: BytePath
    private let file: BytePath

    init(at file: BytePath, gigabytes: Int) throws {
        self.file = file
        mountPoint = BytePath(bytes: file.bytes + Array(".mnt".utf8))
        let parent = try Descriptor.openDirectory(file.parent)
        try parent.removeTree(file.lastComponent)
        try parent.open(file.lastComponent, [.write, .create]).truncate(to: UInt64(gigabytes) << 30)
        try parent.ensureDirectory(mountPoint.lastComponent)
        _ = try Run("mkfs.ext4", ["-q", "-F", "-i", "8192", "-E", "lazy_itable_init=0,lazy_journal_init=0", file])
        let loop = try Run("losetup", ["--find", "--show", "--direct-io=on", file]).output
        device = BytePath(loop.utf8.prefix { $0 != UInt8(ascii: "\n") })
        // With the access times that the kernel keeps by itself: by them moss knows that nobody listed a spare.
        _ = try Run("mount", [device, mountPoint])
    }

    func unmount() {
        do {
            _ = try Run("umount", [mountPoint])
            _ = try Run("losetup", ["--detach", device])
            try Descriptor.openDirectory(file.parent).removeTree(file.lastComponent)
        } catch {
            print("left behind: \(mountPoint) on \(device): \(error)")
        }
    }
}
