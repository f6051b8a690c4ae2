package import BytePath
import Glibc
internal import LinuxSystem

/// An ext4 file system in a file, mounted for the length of a closure.
///
/// Root file systems of virtual machines may lack a journal, which makes creating after deleting many times slower,
/// and nobody wants to fill up a real disk; an image is journaled, of known size, and gone afterwards.
package struct LoopFileSystem: Sendable {
    package var sizeMiB: Int
    /// One inode for so many bytes (`mkfs.ext4 -i`); large values make it run out of inodes first.
    package var bytesPerInode: Int
    package var isJournaled: Bool

    package init(sizeMiB: Int, bytesPerInode: Int = 8192, isJournaled: Bool = true) {
        self.sizeMiB = sizeMiB
        self.bytesPerInode = bytesPerInode
        self.isJournaled = isJournaled
    }

    /// Why images cannot be mounted here, or nil where they can.
    package static let obstacle: String? = {
        if geteuid() != 0 { return "mounting an image needs root" }
        if access("/dev/loop-control", R_OK | W_OK) != 0 { return "there is no /dev/loop-control" }
        if (try? Command("mkfs.ext4", ["-V"]).run())?.exitCode != 0 { return "there is no mkfs.ext4" }
        return nil
    }()

    /// Makes the image, mounts it and calls `body` with the mount point; unmounts and removes it afterwards.
    package func mounted<Result>(_ body: (BytePath) throws -> Result) throws -> Result {
        try withScratchDirectory { scratch in
            let image = scratch.appending("image")
            let mountPoint = scratch.appending("mnt")
            let device = try attach(image)
            defer { Self.clean("losetup", ["--detach", device]) }
            try Descriptor.openDirectory(scratch).makeDirectory("mnt")
            try Command("mount", ["-t", "ext4", "-o", "noatime", device, mountPoint]).runSuccessfully()
            defer { Self.clean("umount", [mountPoint]) }
            return try body(mountPoint)
        }
    }

    /// Makes the image and returns its loop device.
    private func attach(_ image: BytePath) throws -> BytePath {
        try Descriptor.open(image, [.write, .create, .exclusive]).truncate(to: UInt64(sizeMiB) << 20)
        try Command(
            "mkfs.ext4",
            [
                "-q", "-F", "-i", BytePath("\(bytesPerInode)"), "-O", isJournaled ? "has_journal" : "^has_journal",
                "-E", "lazy_itable_init=0,lazy_journal_init=0", image,
            ]
        ).runSuccessfully()
        // Direct I/O keeps the image's pages out of the cache; not every file system below an image can do it.
        var result = try Command("losetup", ["--find", "--show", "--direct-io=on", image]).run()
        if result.exitCode != 0 {
            result = try Command("losetup", ["--find", "--show", image]).runSuccessfully()
        }
        return BytePath(result.output.prefix { $0 != UInt8(ascii: "\n") })
    }

    /// Runs a command that undoes something; a process that ends only now may make it fail for a moment.
    private static func clean(_ program: BytePath, _ arguments: [BytePath]) {
        for _ in 0..<100 {
            if (try? Command(program, arguments).run())?.exitCode == 0 { return }
            usleep(50_000)
        }
        print("cannot clean up: \(Command(program, arguments).commandLine)")
    }
}
