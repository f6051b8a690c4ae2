import BytePath
import Glibc
import Installation
import LinuxSystem
import States

/// Removing one of the states of a package's releases, in a store that has nothing else and in one that has the corpus.
///
/// Comes last: it leaves states behind in the root it is given.
struct CollectFigures {
    /// With the corpus.
    var moss: MossRoot
    var inputs: BenchmarkInputs
    var tools: Tools
    var mountPoint: BytePath

    func table() throws -> Report.Table {
        let small = try MossRoot(emptyAt: mountPoint.appending("small"), tools: tools)
        try small.addReleases(inputs)
        let before = try lastState()
        try moss.addReleases(inputs)

        let du = try [["du"], ["du", "--packages"]].map { try row($0, "21 states") }
        var alone: [Double] = []
        var among: [Double] = []
        // The oldest and the newest stay.
        for release in 2..<BenchmarkInputs.releaseCount {
            alone.append(try small.run(["state", "remove", BytePath("\(release)")]).seconds)
            among.append(try moss.run(["state", "remove", BytePath("\(before + release)")]).seconds)
        }
        let unlinks = try (0..<5).map { _ in try unlinkFiles() }
        let rows: [Report.Row] = [
            .init(name: "unlink of 900 such files, one thread", seconds: unlinks),
            .init(name: "remove 1 of 20 states, 900 of 18,101 objects", seconds: alone, limit: unlinks),
            .init(name: "the same with the corpus beside it", seconds: among, limit: alone),
        ]
        let gc = try [["gc"], ["gc", "--verify"]].map { try row($0, "3 states") }
        return Report.Table(title: "Collect garbage, warm", rows: rows + gc + du)
    }

    /// The number of the newest state.
    private func lastState() throws -> Int {
        let installation = try Installation(opening: moss.root, .reading)
        return Int(try installation.states().last?.number ?? 0)
    }

    private func row(_ arguments: [BytePath], _ states: String) throws -> Report.Row {
        let name = "moss " + arguments.map(\.display).joined(separator: " ") + ", \(states) with the corpus"
        return Report.Row(name: name, seconds: try (0..<5).map { _ in try moss.run(arguments).seconds })
    }

    /// Seconds for removing as many files, as large and spread over as many directories, and syncing as often.
    private func unlinkFiles() throws -> Double {
        let parent = try Descriptor.openDirectory(mountPoint)
        try parent.makeDirectory("unlink")
        defer { try? parent.removeTree("unlink") }
        let directory = try parent.openDirectory("unlink")
        for shard in 0..<256 { try directory.makeDirectory(BytePath("\(shard)")) }
        for file in 0..<900 {
            let path = BytePath("\(file * 37 % 256)/file\(file)")
            try directory.open(path, [.write, .create]).write(Array(repeating: 1, count: 16 + file * 7919 % 8000))
        }
        try directory.syncFileSystem()
        let start = monotonicNanoseconds()
        for file in 0..<900 { try directory.unlink(BytePath("\(file * 37 % 256)/file\(file)")) }
        return Double(monotonicNanoseconds() - start) / 1e9
    }
}
