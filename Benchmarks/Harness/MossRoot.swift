import BytePath
import LinuxSystem

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
        try Descriptor.openDirectory(mountPoint).makeDirectory("root")
        _ = try run(["init"])
        _ = try run(["repo", "add", "corpus", inputs.collection])
        _ = try run(["repo", "update"])
        let first = try run(["install", "corpus-all"])
        print("installing the corpus took \(first.seconds) s")
    }

    func run(_ arguments: [BytePath]) throws -> Run {
        try Run(program, ["-D", root, "-y"] + arguments)
    }
}
