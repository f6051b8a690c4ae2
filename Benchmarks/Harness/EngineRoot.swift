import Blit
import BytePath
import FileTree
import Ingest
import Installation
import LinuxSystem
import ObjectStore
import PackageCatalog
import PackageModel
import States
import Storage

/// The engine in this process, for what no command does alone.
struct EngineRoot {
    let installation: Installation
    let state: State

    init(_ root: BytePath) throws {
        installation = try Installation(opening: root, .reading)
        guard let state = try installation.activeState() else { throw BenchmarkError("\(root): nothing is active") }
        self.state = state
    }

    /// Seconds for writing the active state's tree to a new directory, which is removed again.
    func blit(into parent: BytePath, threads: Int) throws -> Double {
        let directory = try Descriptor.openDirectory(parent)
        try directory.makeDirectory("blit")
        let target = try directory.openDirectory("blit")
        let start = monotonicNanoseconds()
        try Blitter(installation.objects, threadCount: threads).blit(state.tree, into: target)
        let seconds = Double(monotonicNanoseconds() - start) / 1e9
        try directory.removeTree("blit")
        return seconds
    }

    /// Seconds for composing the active state's tree from the recorded layouts.
    func compose() throws -> Double {
        let start = monotonicNanoseconds()
        let tree = try installation.objects.reading { (transaction) throws(StoreError) in
            do {
                let layouts = try state.selections.map {
                    try installation.catalog.layoutBytes(of: $0.package, in: transaction)
                }
                return try Composer.compose(layouts, expectedDirectories: layouts.count * 12)
            } catch {
                throw StoreError(error)
            }
        }
        let seconds = Double(monotonicNanoseconds() - start) / 1e9
        guard tree.totals.directories == state.totals.directories else { throw BenchmarkError("another tree") }
        return seconds
    }

    /// Seconds for reading a stone and putting its contents into an empty store, without waiting for the disk.
    static func unpack(_ stone: BytePath, on mountPoint: BytePath) throws -> Double {
        let parent = try Descriptor.openDirectory(mountPoint)
        let root = mountPoint.appending("unpack")
        _ = try Installation.initialise(root)
        defer { try? parent.removeTree("unpack") }
        let installation = try Installation(opening: root, .changing(waiting: nil))
        let file = try Descriptor.open(stone)
        let start = monotonicNanoseconds()
        _ = try Ingester(installation.objects).ingest(stone, file)
        return Double(monotonicNanoseconds() - start) / 1e9
    }
}
