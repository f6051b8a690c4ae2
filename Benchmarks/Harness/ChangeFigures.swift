import BytePath
import Glibc

/// Adding a package of ten files to the whole corpus: one command, from its start to its exit.
struct ChangeFigures {
    var moss: MossRoot
    var rounds: Int

    func table() throws -> Report.Table {
        var warm: [Double] = []
        var cold: [Double] = []
        for round in 0...rounds {
            let seconds = try change(isCold: false)
            if round > 0 { warm.append(seconds) }  // the first change has no spare to patch yet
        }
        for _ in 0..<rounds { cold.append(try change(isCold: true)) }
        return Report.Table(
            title: "Add one package of ten files",
            rows: [
                .init(name: "warm", seconds: warm, goal: 0.150), .init(name: "cold", seconds: cold, goal: 2),
            ])
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
