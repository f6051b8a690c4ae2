import BytePath
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// What a change costs is counted in system calls that change a file system: as many as differ, however much there is.
struct ChangeCostTests {
    /// Costs of changes on a root of some size, in mutating system calls.
    private struct Costs {
        var adding = 0
        var addingTenTimes = 0
        var activating = 0
        var calls: [String: Int] = [:]
        var entries = 0
    }

    private func costs(packageCount: Int) throws -> Costs {
        try withScratchDirectory(inMemory: true) { scratch in
            let packages = (0..<packageCount).map { systemPackage("p\($0)", fileCount: 30) }
            let added = [systemPackage("ten"), systemPackage("hundred", fileCount: 100)]
            let root = try CommandRoot(in: scratch, offering: packages + added)
            try root.command(["-y", "install"] + packages.map { BytePath($0.metadata.name) }).runSuccessfully()
            var costs = Costs(entries: try root.listing().entries.count)
            try root.done("tidy")
            costs.calls = try root.counts("-y", "install", "ten")
            costs.adding = MutatingCalls.total(costs.calls)
            try root.done("tidy")
            costs.activating = try MutatingCalls.total(root.counts("-y", "state", "activate", "1"))
            try root.done("tidy")
            costs.addingTenTimes = try MutatingCalls.total(root.counts("-y", "install", "hundred"))
            return costs
        }
    }

    @Test func aChangeCostsWhatItChanges() throws {
        let small = try costs(packageCount: 14)
        let large = try costs(packageCount: 140)
        for costs in [small, large] {
            let calls = costs.calls.filter { MutatingCalls.names.contains($0.key) }.sorted { $0.key < $1.key }
            print(
                "\(costs.entries) entries: adding 12 entries \(costs.adding), 102 entries \(costs.addingTenTimes), "
                    + "activating \(costs.activating) mutating calls; \(calls.map { "\($0.key) \($0.value)" })")
        }
        #expect(large.entries > 9 * small.entries)
        // The database may need a page more here or there.
        #expect(abs(large.adding - small.adding) <= 12)
        #expect(abs(large.activating - small.activating) <= 12)
        #expect(abs(large.addingTenTimes - small.addingTenTimes) <= 16)
        #expect(large.adding <= 12 * 10 + 40)
        #expect(large.addingTenTimes <= 10 * large.adding, "the cost grows with the package")
        #expect(large.activating <= 80)
        // What makes a switch durable: one pass over the file system, one directory, the database's commits.
        for costs in [small, large] {
            #expect(costs.calls["syncfs"] == 1)
            #expect(costs.calls["fsync"] == 1)
            #expect(costs.calls["renameat2"] ?? 0 >= 1)
            #expect(costs.calls["fdatasync"] ?? 0 <= 3)
            #expect(costs.calls["linkat"] == 10)
        }
    }

    @Test func objectsThatAreThereStayAsTheyAre() throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let packages = (0..<10).map { systemPackage("p\($0)") }
            let root = try CommandRoot(in: scratch, offering: packages)
            try root.command(["-y", "install"] + packages.dropLast().map { BytePath($0.metadata.name) })
                .runSuccessfully()
            func objects() throws -> [BytePath: [UInt64]] {
                let directory = try Descriptor.openDirectory(root.root.appending(".moss/objects"))
                let entries = try TreeListing(of: root.root.appending(".moss/objects")).entries
                return try Dictionary(
                    uniqueKeysWithValues: entries.filter { $0.kind == .regular }.map { entry in
                        let status = try directory.status(of: entry.path)
                        let modified = UInt64(bitPattern: Int64(status.modified))
                        return (entry.path, [status.inode, UInt64(status.mode), status.size, modified])
                    })
            }
            let before = try objects()
            try root.done("-y", "install", "p9")
            try root.done("-y", "state", "activate", "1")
            let after = try objects()
            #expect(before.count == 91, "the files of nine packages, and os-release")
            for (path, status) in before { #expect(after[path] == status) }
        }
    }
}
