import BytePath
import FoundationEssentials
import Glibc
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// `moss gc` by the built program: what it costs, what it promises, and what happens when it is disturbed.
struct CollectTests {
    /// A root with three states, of which the rules of the configuration keep two; the first has `ten` alone.
    private func withRoot(
        packageCount: Int, fileCount: Int, extra: [SamplePackage] = [systemPackage("ten")],
        _ body: (CommandRoot) throws -> Void
    ) throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let packages = (0..<packageCount).map { systemPackage("p\($0)", fileCount: fileCount) }
            let root = try CommandRoot(in: scratch, offering: packages + extra + [systemPackage("other")])
            try makeStates(root, packages + extra, going: extra)
            try body(root)
        }
    }

    private func makeStates(_ root: CommandRoot, _ first: [SamplePackage], going: [SamplePackage]) throws {
        func names(_ packages: [SamplePackage]) -> [BytePath] { packages.map { BytePath($0.metadata.name) } }
        try root.command(["-y", "install"] + names(first)).runSuccessfully()
        try root.command(["-y", "remove"] + names(going)).runSuccessfully()
        try root.done("-y", "install", "other")
        try root.done("tidy")
        try Descriptor.openDirectory(root.root.appending("etc/moss")).replaceFile(
            "retention.yaml", with: Array("keep: 2\n".utf8))
    }

    private func objectCount(_ root: CommandRoot) throws -> Int {
        try TreeListing(of: root.root.appending(".moss/objects")).entries.count { $0.kind == .regular }
    }

    // MARK: Costs

    /// What freeing ten objects costs, in calls on files.
    private func cost(packageCount: Int, fileCount: Int) throws -> (objects: Int, calls: [String: Int]) {
        var result: (objects: Int, calls: [String: Int]) = (0, [:])
        try withRoot(packageCount: packageCount, fileCount: fileCount) { root in
            let before = try objectCount(root)
            // A tree that another test's sandbox has kept would go as well.
            _ = try root.litter()
            var calls = try root.counts("-y", "gc")
            #expect(try before - objectCount(root) == 10)
            calls["mutating"] = MutatingCalls.total(calls)
            result = (before, calls)
        }
        return result
    }

    private func compareCosts(_ small: (Int, Int), _ large: (Int, Int)) throws {
        let few = try cost(packageCount: small.0, fileCount: small.1)
        let many = try cost(packageCount: large.0, fileCount: large.1)
        for (objects, calls) in [few, many] {
            let names = ["unlinkat", "fdatasync", "fsync", "syncfs", "pwrite64", "mutating", "total"]
            print("gc of 10 of \(objects) objects: \(names.map { "\($0) \(calls[$0] ?? 0)" })")
        }
        #expect(many.objects > 9 * few.objects)
        #expect(few.calls["unlinkat"] == many.calls["unlinkat"])
        let (one, other) = (few.calls["mutating"] ?? 0, many.calls["mutating"] ?? 0)
        // In a large store no two of the objects have their records on the same page of the database.
        #expect(abs(one - other) <= 2 * 10 + 8)
        // Other processes are looked at for open trees, however many there are: but not a call for every object.
        let totals = (few.calls["total"] ?? 0, many.calls["total"] ?? 0)
        #expect(totals.1 - totals.0 < (many.objects - few.objects) / 2)
    }

    @Test func collectingCostsWhatItFrees() throws { try compareCosts((6, 40), (60, 40)) }

    @Test(.long) func collectingCostsWhatItFreesInALargeStore() throws { try compareCosts((20, 50), (40, 500)) }

    // MARK: Promises

    private struct Document: Decodable {
        struct Content: Decodable {
            struct Package: Decodable, Hashable { var name: String }
            struct State: Decodable, Hashable { var number: UInt64 }
            struct Kept: Decodable, Hashable {
                var objects: Int
                var bytes: UInt64
                var packages: Int
                var everything: Bool
            }
            struct Freed: Decodable, Hashable {
                var packages: Int
                var objects: Int
                var bytes: UInt64
                var manifests: Int
                var treeRecords: Int
                var trees: Int
                var temporaries: Int
                var kept: Kept
            }
            var packages: [Package]
            var states: [State]
            var freed: Freed
        }
        var data: Content
    }

    private func collect(_ root: CommandRoot, _ arguments: BytePath...) throws -> Document.Content {
        let text = try root.command(["-y", "gc", "--json"] + arguments).runSuccessfully().outputText
        return try JSONDecoder.snakeCase.decode(Document.self, from: Data(text.utf8)).data
    }

    private func expectAsPromised(_ root: CommandRoot) throws -> Document.Content {
        let before = try objectCount(root)
        let promised = try collect(root, "--dry-run")
        #expect(try objectCount(root) == before, "a dry run removes nothing")
        let done = try collect(root, "--verify")
        #expect(promised.states == done.states && promised.packages == done.packages)
        #expect(promised.freed == done.freed)
        #expect(try before - objectCount(root) >= done.freed.objects)
        let again = try collect(root, "--dry-run").freed
        #expect(again.objects == 0 && again.packages == 0 && again.trees == 0 && again.temporaries == 0)
        return done
    }

    @Test func aDryRunPromisesWhatIsDone() throws {
        try withRoot(packageCount: 3, fileCount: 20) { root in
            let done = try expectAsPromised(root)
            #expect(done.states.map(\.number) == [1] && done.freed.objects == 10 && done.freed.packages == 1)
        }
    }

    @Test(.noThreadSanitizer("its runtime makes some of the counted calls"))
    func aDryRunKnowsWhatAStoppedInstallLeft() throws {
        try withRoot(packageCount: 3, fileCount: 20) { root in
            try root.publish(systemPackage("late"))
            try root.done("repo", "update")
            let result = try root.traced(["kill", "--mutating", "14"], ["-y", "install", "late"])
            #expect(result.end == .exited(90), "killed")
            // Half-written files go with the next change, whole ones with a collection.
            let moss = try Descriptor.openDirectory(root.root.appending(".moss"))
            try moss.replaceFile("objects/07/.new-1-1", with: [1, 2, 3])
            try moss.replaceFile("packages/.new-1-1", with: [1])
            try root.done("state", "pin", "3")
            try moss.replaceFile("pins/2", with: [])
            try moss.rename("pins/2", to: "pins/2.next")
            try root.done("repo", "update")
            let done = try expectAsPromised(root)
            #expect(done.freed.temporaries >= 1)
            #expect(done.freed.objects > 10 && done.states.count == 1)
            #expect(try root.litter() == [])
        }
    }

    /// A spare that was being made, one that no record knows, and one that was being removed.
    @Test func aDryRunKnowsHalfMadeSpares() throws {
        try withRoot(packageCount: 3, fileCount: 20) { root in
            let listing = try root.listing()
            let trees = try Descriptor.openDirectory(root.root.appending(".moss/trees"))
            let spare = try #require(try trees.entries().first?.name)
            try trees.removeTree(spare)
            let total = try root.copied(tidy: false) { try MutatingCalls.total($0.counts("tidy")) }
            #expect(try root.traced(["kill", "--mutating", BytePath("\(total * 2 / 3)")], ["tidy"]).end == .exited(90))
            try trees.makeDirectory("77")
            try trees.openDirectory("77").makeDirectory("bin")
            #expect(try trees.entries().count == 2)
            let done = try expectAsPromised(root)
            #expect(try done.freed.trees == 2 && trees.entries().isEmpty)
            try root.done("tidy")
            #expect(try trees.entries().count == 1 && root.listing() == listing)
            #expect(try root.litter() == [])
        }
    }

    @Test(.needsRoot) func aDryRunKnowsWhatViewsKeep() throws {
        try withRoot(packageCount: 3, fileCount: 20) { root in
            let place = root.path.appending("view")
            try Descriptor.openDirectory(root.path).makeDirectory("view")
            try root.done("mount", "1", place)
            defer { try? MountTable.unmount(place, lazily: true) }
            let shown = try TreeListing(of: place)
            let done = try expectAsPromised(root)
            #expect(done.states.map(\.number) == [1] && done.freed.objects == 0 && done.freed.kept.packages == 1)
            #expect(try TreeListing(of: place) == shown)
            try root.done("umount", place)
            #expect(try expectAsPromised(root).freed.objects == 10)
        }
    }

    // MARK: Disturbances

    /// Holds what a collection waits for after it removed objects, and interrupts it there.
    @Test func whatAnInterruptedCollectionDidStaysDone() throws {
        let going = (0..<5).map { systemPackage("g\($0)", fileCount: 60) }
        try withRoot(packageCount: 3, fileCount: 20, extra: going) { root in
            let before = try objectCount(root)
            let listing = try root.listing()
            do {
                let moss = try Descriptor.openDirectory(root.root.appending(".moss"))
                let lock = try FileLock(on: "trees.lock", below: moss, holder: "the test", wait: true)
                let running = try root.command(["-y", "gc"]).start()
                for _ in 0..<2000 where running.isRunning {
                    // Files that go while they are looked at say as much as a smaller number.
                    guard (try? objectCount(root)) == before else { break }
                    usleep(5000)
                }
                running.signal(SIGINT)
                #expect(try running.wait().end == .signalled(SIGINT))
                lock.hold()
            }
            let left = try objectCount(root)
            #expect(left < before)
            let text = try root.done("-y", "gc", "--verify")
            #expect(text.hasSuffix("A full mark found nothing else.\n"), "\(text)")
            #expect(try before - objectCount(root) == 300)
            #expect(try root.listing() == listing && root.states().map(\.number) == [2, 3])
            try root.done("tidy")
            #expect(try root.litter() == [])
        }
    }

    /// Not a byte is left for whoever wants to make room.
    @Test(.needsLoopDevices, arguments: [true, false]) func aFullDiskCanBeEmptied(hasReserve: Bool) throws {
        try LoopFileSystem(sizeMiB: 48).mounted { mount in
            try withScratchDirectory { scratch in
                try Descriptor.openDirectory(scratch).makeSymlink("root", to: mount.appending("root"))
                try Descriptor.openDirectory(mount).makeDirectory("root")
                let packages = (0..<3).map { systemPackage("p\($0)", fileCount: 20) }
                var bulk = systemPackage("bulk", fileCount: 300)
                bulk.add(file: "share/bulk/large", Array(repeating: 7, count: 6 << 20))
                let root = try CommandRoot(in: scratch, offering: packages + [bulk, systemPackage("other")])
                try makeStates(root, packages + [bulk], going: [bulk])
                if !hasReserve { try Descriptor.openDirectory(mount).unlink("root/.moss/reserve") }
                let listing = try root.listing()
                try LoopFileSystem.fill(mount)
                let disk = try Descriptor.openDirectory(mount)
                #expect(try disk.fileSystemStatus().availableBytes == 0)
                let promised = try collect(root, "--dry-run").freed
                let done = try collect(root, "--verify").freed
                #expect(done.objects == promised.objects && done.objects == 301)
                #expect(try disk.fileSystemStatus().freeBytes > 5 << 20)
                #expect(try root.listing() == listing && root.states().map(\.number) == [2, 3])
                #expect(try root.litter() == [])
            }
        }
    }
}
