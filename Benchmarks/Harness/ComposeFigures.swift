import FileTree
import States

/// Composing the whole corpus from the layouts in the database, reading them included.
struct ComposeFigures {
    var moss: MossRoot
    var rounds: Int

    func table() throws -> Report.Table {
        let engine = try EngineRoot(moss.root)
        _ = try engine.compose()
        let seconds = try (0..<rounds).map { _ in try engine.compose() }
        return Report.Table(
            title: "Compose \(engine.state.totals.entries) entries of \(engine.state.selections.count) packages",
            rows: [.init(name: "moss", seconds: seconds, goal: 0.250)])
    }
}
