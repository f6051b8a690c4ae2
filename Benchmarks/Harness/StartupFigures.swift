import BytePath

/// Commands that only read: what a process costs before it does anything, and listing all packages.
struct StartupFigures {
    var moss: MossRoot
    var rounds: Int

    func table() throws -> Report.Table {
        var table = Report.Table(title: "Start-up, warm")
        for (arguments, goal) in [(["version"], nil), (["list", "installed"], 0.025)] as [([BytePath], Double?)] {
            _ = try moss.run(arguments)
            let seconds = try (0..<(rounds * 4)).map { _ in try moss.run(arguments).seconds }
            let name = "moss " + arguments.map(\.display).joined(separator: " ")
            table.rows.append(.init(name: name, seconds: seconds, goal: goal))
        }
        if let pacman = try PacmanRoot("pacman-list", beside: moss), let row = table.rows.last {
            let limit = try (0..<(rounds * 4)).map { _ in try pacman.list() }
            table.rows.append(.init(name: "pacman -Q", seconds: limit))
            table.rows.append(.init(name: row.name, seconds: row.seconds, limit: limit, goal: 0.4))
        }
        return table
    }
}
