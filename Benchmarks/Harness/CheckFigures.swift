import BytePath
import Glibc
import Installation
import LinuxSystem
import States

/// Looking for damage in the corpus, against hashing its objects with a loop of system calls; and making its database
/// anew.
struct CheckFigures {
    var moss: MossRoot
    var tools: Tools
    var rounds: Int

    /// As many as a system keeps that never removes any for a year of weekly updates.
    private static let stateCount = 50

    func add(to report: Report) throws {
        Report.begin("checking everything, against hash-files")
        report.add(try full())
        Report.begin("checking without reading, against hash-files --stat")
        report.add(try quick())
        Report.begin("making the database anew")
        report.add(try rebuild())
    }

    /// All of it: the whole commands take turns, so that both see the same machine.
    private func full() throws -> Report.Table {
        var warm: (limit: [Double], moss: [Double]) = ([], [])
        var cold: (limit: [Double], moss: [Double]) = ([], [])
        let printed = try hash().output.split(separator: "\n")
        guard printed.count == 4, let files = Int(printed[1]), let bytes = Int(printed[2]) else {
            throw BenchmarkError("hash-files printed \(printed)")
        }
        _ = try moss.run(["fsck", "--full"])
        for _ in 0..<rounds {
            warm.limit.append(try hash().seconds)
            warm.moss.append(try moss.run(["fsck", "--full"]).seconds)
        }
        for _ in 0..<rounds {
            try dropCaches()
            cold.limit.append(try hash().seconds)
            try dropCaches()
            cold.moss.append(try moss.run(["fsck", "--full"]).seconds)
        }
        return Report.Table(
            title: "Check everything: \(files) objects, \(bytes >> 20) MiB",
            rows: [
                .init(name: "C loop, 2 threads, warm", seconds: warm.limit),
                .init(name: "moss fsck --full, warm", seconds: warm.moss, limit: warm.limit, goal: 1.43),
                .init(name: "C loop, 2 threads, cold", seconds: cold.limit),
                .init(name: "moss fsck --full, cold", seconds: cold.moss, limit: cold.limit, goal: 1.43),
            ])
    }

    private func hash() throws -> Run { try Run(tools.hashFiles, [moss.objects, "2"]) }

    private func quick() throws -> Report.Table {
        let text = try moss.run(["fsck", "--quick"]).output
        var warm: (limit: [Double], moss: [Double]) = ([], [])
        var cold: (limit: [Double], moss: [Double]) = ([], [])
        _ = try look()
        for _ in 0..<rounds {
            warm.limit.append(try look().seconds)
            warm.moss.append(try moss.run(["fsck", "--quick"]).seconds)
        }
        for _ in 0..<rounds {
            try dropCaches()
            cold.limit.append(try look().seconds)
            try dropCaches()
            cold.moss.append(try moss.run(["fsck", "--quick"]).seconds)
        }
        return Report.Table(
            title: "Check without reading contents: \(text.prefix { $0 != ":" })",
            rows: [
                .init(name: "C loop, 2 threads, warm", seconds: warm.limit),
                .init(name: "moss fsck --quick, warm", seconds: warm.moss, limit: warm.limit, goal: 1.2),
                .init(name: "C loop, 2 threads, cold", seconds: cold.limit),
                .init(name: "moss fsck --quick, cold", seconds: cold.moss, limit: cold.limit),
            ])
    }

    /// Looks at the same objects and entries of trees by nothing but system calls.
    private func look() throws -> Run {
        try Run(
            tools.hashFiles,
            ["--stat", "2", moss.objects, moss.root.appending("usr"), moss.root.appending(".moss/trees")])
    }

    private func rebuild() throws -> Report.Table {
        let states = try makeStates()
        let warm = try (0..<rounds).map { _ in try moss.run(["store", "rebuild"]).seconds }
        var cold: [Double] = []
        for _ in 0..<rounds {
            try dropCaches()
            cold.append(try moss.run(["store", "rebuild"]).seconds)
        }
        let installation = try Installation(opening: moss.root, .reading)
        guard try installation.states().count == states else { throw BenchmarkError("states are missing") }
        let packages = try installation.activeState()?.selections.count ?? 0
        return Report.Table(
            title: "Rebuild the database of \(packages) packages and \(states) states",
            rows: [
                .init(name: "moss store rebuild, warm", seconds: warm, goal: 10),
                .init(name: "moss store rebuild, cold", seconds: cold, goal: 10),
            ])
    }

    /// Installs and removes the same package until there are enough states.
    private func makeStates() throws -> Int {
        let installation = try Installation(opening: moss.root, .changing(waiting: nil))
        while try installation.states().count < Self.stateCount {
            let isThere = try installation.states().count % 2 == 0
            let change = isThere ? Change.remove(["corpus-extra"], keepsOrphans: true) : .install(["corpus-extra"])
            _ = try installation.apply(try installation.plan(change))
        }
        return try installation.states().count
    }
}
