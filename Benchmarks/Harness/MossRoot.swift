import BytePath
import CollectionIndex
import CollectionSettings
import FileTree
import Installation
import LinuxSystem
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

    /// A root without anything in it.
    init(emptyAt root: BytePath, tools: Tools) throws {
        program = tools.moss
        self.root = root
        _ = try Installation.initialise(root)
    }

    /// Makes a state of each release.
    func addReleases(_ inputs: BenchmarkInputs) throws {
        let releases = try inputs.releases()
        for release in 1...BenchmarkInputs.releaseCount {
            if release > 1 { _ = try run(["repo", "remove", "release"]) }
            _ = try run(["repo", "add", "release", releases.appending("\(release)")])
            _ = try run(release == 1 ? ["install", "corpus-release"] : ["sync"])
        }
        _ = try run(["tidy"])
    }

    func run(_ arguments: [BytePath]) throws -> Run {
        try Run(program, ["-D", root, "-y"] + arguments)
    }
}
