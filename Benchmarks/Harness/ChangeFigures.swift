import BytePath
import Glibc

/// Adding a package of ten files to the whole corpus: one command, from its start to its exit.
struct ChangeFigures {
    var moss: MossRoot
    var rounds: Int

    func table() throws -> Report.Table {
        var warm: [Double] = []
        var cold: [Double] = []
        var limit: [Double] = []
        _ = try moss.run(["install", "corpus-extra"])
        let pacman = try PacmanRoot("pacman-change", beside: moss)
        _ = try moss.run(["remove", "corpus-extra"])
        sleep(5)
        for round in 0...rounds {
            let seconds = try change(isCold: false)
            if round > 0 { warm.append(seconds) }  // the first change has no spare to patch yet
            guard let pacman else { continue }
            let other = try pacman.install()
            if round > 0 { limit.append(other) }
            try pacman.remove()
        }
        for _ in 0..<rounds { cold.append(try change(isCold: true)) }
        var table = Report.Table(title: "Add one package of ten files")
        if pacman == nil {
            Report.begin("there is no pacman to compare with (Debian: pacman-package-manager)")
            table.rows.append(.init(name: "moss, warm", seconds: warm, goal: 0.150))
        } else {
            table.rows.append(.init(name: "pacman -U, warm", seconds: limit))
            table.rows.append(.init(name: "moss, warm", seconds: warm, limit: limit, goal: 0.7))
        }
        table.rows.append(.init(name: "moss, cold, by warm", seconds: cold, limit: warm, goal: 2))
        return table
    }

    /// Installs the package, measured, and removes it again; waits so that the spare can be prepared in between.
    private func change(isCold: Bool) throws -> Double {
        if isCold { try dropCaches() }
        let seconds = try moss.run(["install", "corpus-extra"]).seconds
        sleep(5)
        _ = try moss.run(["remove", "corpus-extra"])
        sleep(5)
        return seconds
    }
}
