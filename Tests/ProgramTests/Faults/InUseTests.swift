import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// A tree that a process still sees stays as it is, through any number of switches, and goes with its last user.
struct InUseTests {
    private func withRoot(named name: BytePath = "root", _ body: (CommandRoot) throws -> Void) throws {
        try withScratchDirectory { scratch in
            let packages = (0..<8).map { systemPackage("p\($0)") }
            let root = try CommandRoot(in: scratch, offering: packages, named: name)
            try root.done("-y", "install", "p0", "p1", "p2", "p3")
            try root.done("tidy")
            try body(root)
        }
    }

    /// Starts `script`, which says `ready`, then sleeps; `place` is where the process sees the tree.
    ///
    /// - Parameter isCertain: whether the tree can be told from others that were live.
    private func holding(
        _ root: CommandRoot, _ script: String, isCertain: Bool = true, place: (Int32) throws -> BytePath
    ) throws {
        var command = Command("sh", ["-c", BytePath("\(script); echo ready; exec sleep 600"), "sh", root.root])
        command.timeoutSeconds = 600
        let user = try command.start()
        for _ in 0..<500 where user.outputSoFar.isEmpty { usleep(10_000) }
        try #require(user.outputSoFar == Array("ready\n".utf8))
        let held = try place(user.identifier)
        let before = try root.listing()
        #expect(try TreeListing(of: held).differences(from: before) == [])

        try root.done("-y", "install", "p4")
        #expect(try TreeListing(of: held).differences(from: before) == [])
        try root.done("tidy")
        try root.done("-y", "install", "p5", "p6")
        #expect(try TreeListing(of: held).differences(from: before) == [])
        try root.done("tidy")
        try root.done("-y", "remove", "p1")
        try root.done("tidy")
        #expect(try TreeListing(of: held).differences(from: before) == [])
        #expect(try root.listing() != before)
        let trees = try root.names(in: "trees").count
        #expect(isCertain ? trees == 2 : trees >= 2, "the one that is held and a spare")

        user.signal(SIGKILL)
        _ = try user.wait()
        try root.done("tidy")
        let left = try root.names(in: "trees").count
        #expect(left == 1)
        let litter = try root.litter()
        #expect(litter == [])
        try root.done("-y", "state", "activate", "1")
        #expect(try root.listing() == before)
    }

    @Test(.needsRoot) func aMountNamespaceKeepsItsTree() throws {
        try withRoot { root in
            try holding(
                root,
                "exec unshare -m sh -c 'mkdir -p $1/../view && mount --bind $1/usr $1/../view && echo ready "
                    + "&& exec sleep 600' sh $1"
            ) { BytePath("/proc/\($0)/root").appending(BytePath(root.path.bytes.dropFirst())).appending("view") }
        }
    }

    @Test func anOpenDirectoryKeepsItsTree() throws {
        try withRoot { root in
            try holding(root, "exec 7< $1/usr") { BytePath("/proc/\($0)/fd/7/.") }
        }
    }

    @Test func aDirectoryBelowKeepsTheWholeTree() throws {
        try withRoot { root in
            try holding(root, "cd $1/usr/share/p0") { BytePath("/proc/\($0)/cwd/../..") }
        }
    }

    /// What a thread takes for itself, and how it is in the tree then, below its directory in `/proc`.
    struct OwnOfThread: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var flags: Int
        var enter: String
        var place: BytePath
    }

    private static let ownOfThreads = [
        OwnOfThread(testDescription: "directories", flags: 0x200, enter: "os.chdir(usr)", place: "cwd"),
        OwnOfThread(
            testDescription: "descriptors", flags: 0x400, enter: "os.dup2(os.open(usr, os.O_RDONLY), 100)",
            place: "fd/100/."),
        OwnOfThread(
            testDescription: "mounts", flags: 0x20000,
            enter: "os.system(f'mount --make-rprivate / && mkdir {view} && mount --bind {usr} {view}')", place: "root"),
    ]

    @Test(
        .needsRoot, .enabled(if: TestFiles.bytes(of: "/usr/bin/python3") != nil, "skipped: there is no python3"),
        arguments: ownOfThreads, [false, true])
    func aThreadKeepsItsTree(own: OwnOfThread, outlivesFirst: Bool) throws {
        // Beside it are threads that share all with the first one, which ends if it is not to be the last.
        let script = """
            import ctypes, os, sys, threading
            libc, usr, view = ctypes.CDLL(None), sys.argv[1] + '/usr', sys.argv[1] + '/../view'
            libc.pthread_exit.restype = None
            def idle(): threading.Event().wait()
            def work():
                assert libc.unshare(\(own.flags)) == 0
                \(own.enter)
                print('ready', flush=True)
                idle()
            for body in [idle, work, idle]: threading.Thread(target=body).start()
            \(outlivesFirst ? "libc.pthread_exit(None)" : "idle()")
            """
        try withRoot { root in
            try Descriptor.openDirectory(root.path).replaceFile("threads.py", with: Array(script.utf8))
            try holding(root, "exec /usr/bin/python3 $1/../threads.py $1") { process in
                let tasks = try Descriptor.openDirectory(BytePath("/proc/\(process)/task")).entries()
                let threads = tasks.compactMap { Int32($0.name.display) }.sorted()
                let place = BytePath("/proc/\(process)/task/\(threads[2])").appending(own.place)
                return own.place == "root"
                    ? place.appending(BytePath(root.path.bytes.dropFirst())).appending("view") : place
            }
        }
    }

    /// How a layer of an overlay may be named. `$1` is the root, `$2/$3` is it too, from the working directory.
    private static let layers = ["$1/usr", "$2/link/usr", "$2/$3/usr", "$1/share/../usr", "$2/$3/.moss/../usr"]

    @Test(.needsRoot, arguments: layers) func aLayerOfAnOverlayKeepsItsTree(layer: String) throws {
        // Another root whose path ends alike keeps its trees as well.
        let name = BytePath("layered-\(layer.utf8.reduce(0) { $0 &* 31 &+ Int($1) & 0xffff })")
        try withRoot(named: name) { root in
            let beside = try Descriptor.openDirectory(root.path)
            try beside.makeSymlink("link", to: name)
            try Descriptor.openDirectory(root.root).ensureDirectory("share")
            try beside.makeDirectory("merged")
            try holding(
                root,
                "cd $1/../.. && exec unshare -m sh -c 'umask 022; mount -t tmpfs none /run && mkdir /run/u /run/w && "
                    + "mount -t overlay -o lowerdir=\(layer),upperdir=/run/u,workdir=/run/w none $2/merged "
                    + "&& echo ready && exec sleep 600' sh $1 \(root.path.lastComponent.display) \(name.display)",
                isCertain: false
            ) { BytePath("/proc/\($0)/root").appending(BytePath(root.path.bytes.dropFirst())).appending("merged") }
        }
    }
}
