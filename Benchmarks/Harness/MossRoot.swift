import BytePath
import FileTree
import Installation
import LinuxSystem
import Repositories
import States

/// A root on the image with the whole corpus installed, and the moss that made it.
///
/// Together with ``StartupFigures``, ``BlitFigures`` and ``ChangeFigures`` this is all of the harness that knows moss.
struct MossRoot {
    let program: BytePath
    let root: BytePath

    var objects: BytePath { root.appending(".moss/objects") }
    var tree: BytePath { root.appending("usr") }

    init(inputs: BenchmarkInputs, tools: Tools, mountPoint: BytePath) throws {
        program = tools.moss
        root = mountPoint.appending("root")
        _ = try Installation.initialise(root)
        let installation = try Installation(opening: root, .changing(waiting: nil))
        _ = try installation.collections.add(
            CollectionConfiguration(id: CollectionID("corpus"), uri: inputs.collection.display))
        let start = monotonicNanoseconds()
        let plan = try installation.plan(.install(["corpus-all"]))
        let planned = monotonicNanoseconds()
        let state = try installation.apply(plan)
        let applied = monotonicNanoseconds()
        _ = try installation.tidy()
        print(
            "installing \(state.totals.entries) entries of \(state.selections.count) packages: "
                + "plan \(Double(planned - start) / 1e9) s, apply \(Double(applied - planned) / 1e9) s")
    }

    func run(_ arguments: [BytePath]) throws -> Run {
        try Run(program, ["-D", root, "-y"] + arguments)
    }
}
