import BytePath
import FileTree
import Installation
import LinuxSystem
import Repositories
import States

/// A root on the image with a package and all that it needs installed, and the moss that made it.
struct MossRoot {
    let program: BytePath
    let root: BytePath

    var objects: BytePath { root.appending(".moss/objects") }
    var tree: BytePath { root.appending("usr") }

    /// - Parameters:
    ///   - name: of the root's directory on the image.
    ///   - package: of `collection`.
    init(_ name: BytePath, with package: String, of collection: BytePath, tools: Tools, mountPoint: BytePath) throws {
        program = tools.moss
        root = mountPoint.appending(name)
        _ = try Installation.initialise(root)
        let installation = try Installation(opening: root, .changing(waiting: nil))
        _ = try installation.collections.add(
            CollectionConfiguration(id: CollectionID("corpus"), uri: collection.display))
        let start = monotonicNanoseconds()
        let plan = try installation.plan(.install([package]))
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
