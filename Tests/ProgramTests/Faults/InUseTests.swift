import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// A tree that a process still sees stays as it is, through any number of switches, and goes with its last user.
///
/// One after the other: of a relative layer nobody knows whose trees it holds, so that one case keeps those of others.
@Suite(.serialized)
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

    /// How a process is in the tree by a mount that is gone from all tables, and where.
    private static let awayMounts = [
        ["cd $v/share/p0 &&", "cwd/../.."], ["exec 7<$v/share/p0 &&", "fd/7/../.."], ["exec 7<$v &&", "fd/7/."],
    ]

    @Test(.needsRoot, arguments: awayMounts)
    func aMountThatIsGoneKeepsItsTree(way: [String]) throws {
        try withRoot { root in
            try holding(root, Self.leavingMount(way[0])) { BytePath("/proc/\($0)/\(way[1])") }
        }
    }

    private static func leavingMount(_ enter: String) -> String {
        "exec unshare -m sh -c 'v=$1/../view && mkdir $v && mount --bind $1/usr $v && \(enter) umount -l $v && echo ready "
            + "&& exec sleep 600' sh $1"
    }

    /// Who may not open files by their inodes only knows that the process has some tree.
    @Test(.needsRoot) func aMountThatIsGoneAndCannotBeFoundKeepsAllTrees() throws {
        try withRoot { root in
            let before = try root.names(in: "trees").count
            let script = Self.leavingMount("cd $v/share/p0 &&")
            let user = try Command("sh", ["-c", BytePath(script), "sh", root.root]).start()
            for _ in 0..<500 where user.outputSoFar.isEmpty { usleep(10_000) }
            func changed(_ arguments: BytePath...) throws {
                let command = try root.command(arguments)
                var confined = Command(
                    "setpriv", ["--bounding-set", "-dac_read_search", command.program] + command.arguments)
                confined.environment = command.environment
                try confined.runSuccessfully()
            }
            for name: BytePath in ["p4", "p5", "p6"] {
                try changed("-y", "install", name)
                try changed("tidy")
            }
            let kept = try root.names(in: "trees").count
            #expect(kept >= before + 3)
            let held = try TreeListing(of: BytePath("/proc/\(user.identifier)/cwd"))
            #expect(!held.entries.isEmpty)
            user.signal(SIGKILL)
            _ = try user.wait()
            try root.done("tidy")
            let left = try root.names(in: "trees").count
            #expect(left == 1)
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
