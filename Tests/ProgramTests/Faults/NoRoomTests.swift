import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// A disk without a free byte, where blocks are written in place and where they are not: nothing dies of it, looking and
/// going back work, and it can be emptied.
@Suite(.serialized) struct NoRoomTests {
    /// A root with four states; `large` is in the second alone.
    private func withRoot(
        on kind: LoopFileSystem.Kind, _ body: (CommandRoot, BytePath) throws -> Void
    ) throws {
        try LoopFileSystem(kind, sizeMiB: kind == .ext4 ? 48 : 140).mounted { mount in
            try withScratchDirectory { scratch in
                try Descriptor.openDirectory(scratch).makeSymlink("root", to: mount.appending("root"))
                try Descriptor.openDirectory(mount).makeDirectory("root")
                var large = systemPackage("large", fileCount: 50)
                large.add(file: "share/large/large", Array(repeating: 7, count: 6 << 20))
                let root = try CommandRoot(
                    in: scratch, offering: [systemPackage("base"), large, systemPackage("other", fileCount: 30)])
                try root.done("-y", "install", "base")
                try root.done("-y", "install", "large")
                try root.done("-y", "remove", "large")
                try root.done("-y", "install", "other")
                try root.done("tidy")
                try body(root, mount)
            }
        }
    }

    private func check(lookingOn kind: LoopFileSystem.Kind) throws {
        try withRoot(on: kind) { root, mount in
            // A root that was copied has none, or one without blocks.
            try Descriptor.openDirectory(root.root).unlink(".moss/db/lock.mdb")
            try LoopFileSystem.fill(mount)
            try root.done("list", "installed")
            try root.done("state", "list")
            try root.done("state", "diff", "1", "2")
            try root.done("info", "large")
            try root.done("blame", "/usr/share/other")
            try root.done("du")
            try root.done("fsck")
            try root.done("fsck", "--full")
            try root.done("state", "verify", "2")
            let view = root.path.appending("view")
            try Descriptor.openDirectory(root.path).makeDirectory("view")
            try root.done("mount", "2", view)
            let size = try Descriptor.openDirectory(view).status(of: "share/large/large").size
            #expect(size == 6 << 20)
            try root.done("umount", view)
            #expect(try root.done("mount", "--list").contains(view.display) == false)
            #expect(try root.states().count == 4)
        }
    }

    @Test(.needsLoopDevices) func lookingNeedsNoRoom() throws { try check(lookingOn: .ext4) }
    @Test(.needsBtrfs) func lookingNeedsNoRoomOnBtrfs() throws { try check(lookingOn: .btrfs) }

    private func check(goingBackOn kind: LoopFileSystem.Kind) throws {
        try withRoot(on: kind) { root, mount in
            let listing = try root.listing()
            try LoopFileSystem.fill(mount)
            #expect(try Descriptor.openDirectory(mount).fileSystemStatus().availableBytes == 0)
            try root.done("-y", "undo")
            #expect(try root.active() == 3)
            // Whatever is left: there, or refused with the next step and nothing changed.
            let result = try root.moss("-y", "redo")
            #expect(result.end == .exited(0) || result.end == .exited(6), "\(result.end): \(result.errorText)")
            if result.end == .exited(6) {
                #expect(result.errorText.contains("moss state prune"), "\(result.errorText)")
            }
            #expect(try root.active() == (result.exitCode == 0 ? 4 : 3))
            try root.done("-y", "state", "remove", "2")
            try root.done("-y", "gc", "--verify")
            try Descriptor.openDirectory(mount).syncFileSystem()
            #expect(try Descriptor.openDirectory(mount).fileSystemStatus().freeBytes > 4 << 20)
            if try root.active() != 4 { try root.done("-y", "state", "activate", "4") }
            #expect(try root.listing() == listing)
        }
    }

    @Test(.needsLoopDevices) func goingBackNeedsNoRoom() throws { try check(goingBackOn: .ext4) }
    @Test(.needsBtrfs) func goingBackNeedsNoRoomOnBtrfs() throws { try check(goingBackOn: .btrfs) }

    /// What a stopped command left has to be finished or forgotten before anything can be freed, and that takes room.
    private func check(emptyingAfterAStopOn kind: LoopFileSystem.Kind) throws {
        try withRoot(on: kind) { root, mount in
            let old = try root.listing()
            // From now on the spare is what is activated next.
            func backAndForth() throws {
                try root.done("-y", "state", "activate", "2")
                try root.done("-y", "state", "activate", "4")
            }
            try backAndForth()
            let count = MutatingCalls.total(try root.counts("-y", "state", "activate", "2"))
            try root.done("-y", "state", "activate", "4")
            for point in [count - 2, count - 7] {
                let result = try root.traced(
                    ["kill", "--mutating", BytePath("\(point)")], ["-y", "state", "activate", "2"])
                #expect(result.end == .exited(90), "\(result.end): \(result.errorText)")
                try LoopFileSystem.fill(mount)
                try root.done("-y", "gc")
                try root.done("fsck")
                let disk = try Descriptor.openDirectory(mount)
                try disk.removeTree("filler")
                try disk.removeTree("fillers")
                let active = try root.active()
                #expect(active == 2 || active == 4)
                if active == 2 { try root.done("-y", "state", "activate", "4") }
                #expect(try root.listing() == old)
                // Sets the next reserve aside.
                try root.done("-y", "gc")
                try backAndForth()
            }
        }
    }

    @Test(.needsLoopDevices) func afterAStopItCanBeEmptied() throws { try check(emptyingAfterAStopOn: .ext4) }
    @Test(.needsBtrfs) func afterAStopItCanBeEmptiedOnBtrfs() throws { try check(emptyingAfterAStopOn: .btrfs) }

    /// Of a user's share the file system says nothing: then numbers about its free space would only mislead.
    @Test(.needsBtrfs) func aQuotaIsToldAsOne() throws {
        try withRoot(on: .btrfs) { root, mount in
            try Command("btrfs", ["quota", "enable", mount]).runSuccessfully()
            try Command("btrfs", ["quota", "rescan", "-w", mount]).runSuccessfully()
            try Command("sync", []).runSuccessfully()
            try Command("btrfs", ["qgroup", "limit", "24M", "0/5", mount]).runSuccessfully()
            try LoopFileSystem.fill(mount)
            let listing = try root.listing()
            let result = try root.moss("-y", "install", "large")
            #expect(result.end == .exited(6), "\(result.end): \(result.errorText)")
            #expect(result.errorText.contains("quota"), "\(result.errorText)")
            #expect(!result.errorText.contains("bytes free"), "\(result.errorText)")
            #expect(try root.listing() == listing && root.active() == 4)
            try root.done("fsck")
            try root.done("-y", "undo")
            #expect(try root.active() == 3)
            try root.done("-y", "state", "prune", "--keep", "1")
            #expect(try root.states().map(\.number) == [3, 4])
        }
    }
}
