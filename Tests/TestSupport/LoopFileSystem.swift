package import BytePath
import Glibc
internal import LinuxSystem

/// A file system in a file, mounted for the length of a closure.
///
/// Root file systems of virtual machines may lack a journal, which makes creating after deleting many times slower,
/// and nobody wants to fill up a real disk; an image is journaled, of known size, and gone afterwards.
package struct LoopFileSystem: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case ext4
        /// Writes no block in place.
        case btrfs
    }

    package var kind: Kind
    package var sizeMiB: Int
    /// One inode for so many bytes (`mkfs.ext4 -i`); large values make it run out of inodes first.
    package var bytesPerInode: Int
    package var isJournaled: Bool

    package init(_ kind: Kind = .ext4, sizeMiB: Int, bytesPerInode: Int = 8192, isJournaled: Bool = true) {
        self.kind = kind
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

    /// Why there is no image of btrfs here, or nil.
    package static let btrfsObstacle: String? = {
        if let obstacle { return obstacle }
        if (try? Command("mkfs.btrfs", ["-V"]).run())?.exitCode != 0 { return "there is no mkfs.btrfs" }
        return nil
    }()

    /// Makes the image, mounts it and calls `body` with the mount point; unmounts and removes it afterwards.
    package func mounted<Result>(_ body: (BytePath) throws -> Result) throws -> Result {
        try withScratchDirectory { scratch in
            let image = scratch.appending("image")
            let mountPoint = scratch.appending("mnt")
            try make(image)
            try Descriptor.openDirectory(scratch).makeDirectory("mnt")
            return try Self.mounted(image, at: mountPoint) { _ in try body(mountPoint) }
        }
    }

    /// An image while it is mounted.
    package final class Mount {
        package let point: BytePath
        private var image: BytePath
        private var device: BytePath

        fileprivate init(_ image: BytePath, at point: BytePath) throws {
            self.image = image
            self.point = point
            device = try attach(image)
            do {
                try mount()
            } catch {
                clean("losetup", ["--detach", device])
                throw error
            }
        }

        private func mount() throws {
            try Command("mount", ["-o", "noatime", device, point]).runSuccessfully()
        }

        fileprivate func end() {
            clean("umount", [point])
            clean("losetup", ["--detach", device])
        }

        /// Unmounts it and mounts what it holds again: after a power cut, ext4 replays its journal then.
        ///
        /// That is done with a copy: while another process's mount namespace has the old mount as well, the old file
        /// system is still there, and mounting its device would bring it back as it was.
        package func remount() throws {
            end()
            let copy = BytePath("\(image.display)+")
            try Command("cp", ["--sparse=always", image, copy]).runSuccessfully()
            image = copy
            device = try attach(copy)
            try mount()
        }
    }

    /// Mounts an image that was made before for the length of `body`.
    package static func mounted<Result>(
        _ image: BytePath, at point: BytePath, _ body: (Mount) throws -> Result
    ) throws -> Result {
        let mount = try Mount(image, at: point)
        defer { mount.end() }
        return try body(mount)
    }

    /// Takes the last byte of the file system, what is set aside for root included.
    package static func fill(_ mount: BytePath) throws {
        let directory = try Descriptor.openDirectory(mount)
        try directory.ensureDirectory("fillers")
        let filler = try directory.open("filler", [.write, .create])
        var chunk = 1 << 20
        while chunk >= 512 {
            do throws(SystemError) { try filler.write(Array(repeating: 1, count: chunk)) } catch { chunk /= 2 }
        }
        try filler.syncFileSystem()
        let more = try directory.openDirectory("fillers")
        for size in [4096, 1] {
            for number in 0..<10_000 {
                guard let file = try? more.open(BytePath("\(size).\(number)"), [.write, .create]) else { break }
                if (try? file.write(Array(repeating: 1, count: size))) == nil { break }
            }
        }
        // Too full for that, perhaps.
        try? filler.syncFileSystem()
    }

    /// Makes a file that holds an empty file system.
    package func make(_ image: BytePath) throws {
        try Descriptor.open(image, [.write, .create, .exclusive]).truncate(to: UInt64(sizeMiB) << 20)
        guard kind == .ext4 else {
            try Command("mkfs.btrfs", ["-q", "-f", image]).runSuccessfully()
            return
        }
        try Command(
            "mkfs.ext4",
            [
                "-q", "-F", "-i", BytePath("\(bytesPerInode)"), "-O", isJournaled ? "has_journal" : "^has_journal",
                "-E", "lazy_itable_init=0,lazy_journal_init=0", image,
            ]
        ).runSuccessfully()
    }

    /// - Returns: the image's loop device.
    private static func attach(_ image: BytePath) throws -> BytePath {
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
