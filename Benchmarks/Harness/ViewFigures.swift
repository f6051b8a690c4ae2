import BytePath
import LinuxSystem

/// Views of installed trees against the trees themselves, and against other file systems in user space.
struct ViewFigures {
    var moss: MossRoot
    var tools: Tools
    var inputs: BenchmarkInputs
    var image: JournaledImage
    var rounds: Int

    private var place: BytePath { image.mountPoint.appending("views") }

    func add(to report: Report) throws {
        Report.begin("starting views")
        report.add(try starts())
        Report.begin("listing the tree in views")
        for table in try listings() { report.add(table) }
        Report.begin("archiving the tree from views")
        report.add(try archives())
        Report.begin("reading a large file from views")
        for table in try bigReads() { report.add(table) }
    }

    // MARK: Starting

    private func starts() throws -> Report.Table {
        var mounts: [Double] = []
        var tries: [Double] = []
        // ldconfig needs no library, so it runs in a tree that has none.
        let sandboxed: [BytePath] = ["try", "--bind", "/usr/sbin/ldconfig:/probe", "install", "corpus-extra", "--"]
        for round in 0...rounds {
            let view = try ShownTreeStart(moss, at: place)
            let run = try moss.run(sandboxed + ["/probe", "--version"])
            if round == 0 {
                print("moss-view of the corpus holds \(view.residentKilobytes) kB")
                continue
            }
            mounts.append(view.seconds)
            tries.append(run.seconds)
        }
        return Report.Table(
            title: "Start of a view, whole command, warm",
            rows: [
                .init(name: "moss mount", seconds: mounts, goal: 0.2),
                .init(name: "moss try install corpus-extra -- /probe", seconds: tries, goal: 0.3),
            ])
    }

    // MARK: Names and attributes

    private func listings() throws -> [Report.Table] {
        let trees = try ShownTree.all(moss, readings: ["auto"], below: place)
        defer { for tree in trees { tree.unmount() } }
        func find(_ tree: ShownTree) throws -> Double {
            try Run("sh", ["-c", BytePath("find \(tree.path.display) -ls > /dev/null")]).seconds
        }
        let warm = try measure(trees) { tree in try find(tree) }
        // A view that was just mounted has nothing in the kernel's caches; dropping them makes the others the same.
        let cold = try measure(trees, warmingUp: false) { tree in
            try dropCaches()
            return try find(tree)
        }
        return [
            table("find -ls of the corpus, warm", trees, warm, goal: 1.2),
            table("find -ls of the corpus, cold", trees, cold, goal: 2.5),
        ]
    }

    // MARK: Bytes

    private func archives() throws -> Report.Table {
        let root = try MossRoot(
            "many", with: "corpus-all", of: inputs.manyFiles(), tools: tools, mountPoint: image.mountPoint)
        let trees = try ShownTree.all(root, readings: ["auto", "cached", "passthrough"], below: place)
        defer { for tree in trees { tree.unmount() } }
        let seconds = try measure(trees) { tree in
            try Run("sh", ["-c", BytePath("tar c -C \(tree.path.display) . | cat > /dev/null")]).seconds
        }
        return table("tar of 900 MB in 88,000 files, warm", trees, seconds, goal: 2)
    }

    private func bigReads() throws -> [Report.Table] {
        let root = try MossRoot(
            "huge", with: "corpus-huge", of: inputs.hugeFile(), tools: tools, mountPoint: image.mountPoint)
        let trees = try ShownTree.all(root, readings: ["passthrough", "cached"], below: place)
        defer { for tree in trees { tree.unmount() } }
        let orderly = try measure(trees) { tree in try read(tree, isRandom: false) }
        let random = try measure(trees) { tree in try read(tree, isRandom: true) }
        for tree in trees where !tree.statistics.isEmpty { print("\(tree.name): \(tree.statistics)") }
        let cold = try measure(trees, warmingUp: false) { tree in
            try dropCaches()
            return try read(tree, isRandom: false)
        }
        // 95 % of the bandwidth.
        let goal = 1 / 0.95
        return [
            table("4 KiB reads of 1 GiB in order, warm", trees, orderly, goal: goal),
            table("262,144 random reads of 4 KiB, warm", trees, random, goal: goal),
            table("4 KiB reads of 1 GiB in order, cold", trees, cold, goal: nil),
        ]
    }

    /// Seconds for reading the file in pieces of 4 KiB, each once, in order or not.
    private func read(_ tree: ShownTree, isRandom: Bool) throws -> Double {
        let file = try Descriptor.open(tree.path.appending("share/huge"))
        let pieces = Int(try file.status().size / 4096)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 4096)
        defer { buffer.deallocate() }
        let start = monotonicNanoseconds()
        var piece = 0
        for _ in 0..<pieces {
            _ = try file.read(into: buffer, at: UInt64(piece) * 4096)
            // Comes by every piece once, as their number is a power of two.
            piece = isRandom ? (piece &* 1_103_515_245 &+ 12345) & (pieces - 1) : piece + 1
        }
        return Double(monotonicNanoseconds() - start) / 1e9
    }

    // MARK: Tables

    /// One series for each tree, taken in turns so that all see the same machine.
    private func measure(
        _ trees: [ShownTree], warmingUp: Bool = true, _ body: (ShownTree) throws -> Double
    ) throws -> [[Double]] {
        var series = trees.map { _ in [Double]() }
        for round in (warmingUp ? 0 : 1)...rounds {
            for (index, tree) in trees.enumerated() {
                let seconds = try body(tree)
                if round > 0 { series[index].append(seconds) }
            }
        }
        return series
    }

    /// The goal is for views only, and all are divided by the first.
    private func table(
        _ title: String, _ trees: [ShownTree], _ series: [[Double]], goal: Double?
    ) -> Report.Table {
        let rows = zip(trees, series).enumerated().map { index, row in
            Report.Row(
                name: row.0.name, seconds: row.1, limit: index == 0 ? nil : series[0],
                goal: row.0.name.hasPrefix("moss") ? goal : nil)
        }
        return Report.Table(title: title, rows: rows)
    }
}

/// A view that was mounted for its start alone.
private struct ShownTreeStart {
    let seconds: Double
    let residentKilobytes: Int

    init(_ moss: MossRoot, at place: BytePath) throws {
        let parent = try Descriptor.openDirectory(place.parent)
        try parent.ensureDirectory(place.lastComponent)
        try parent.openDirectory(place.lastComponent).ensureDirectory("start")
        let mountpoint = place.appending("start")
        let run = try moss.run(["--json", "mount", "1", mountpoint])
        defer { _ = try? moss.run(["umount", mountpoint]) }
        seconds = run.seconds
        let digits = run.output.split(separator: "\"process\":").last?.prefix { $0.isNumber } ?? ""
        let status = try Descriptor.open(BytePath("/proc/\(digits)/status")).readAll()
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        residentKilobytes = line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }
}
