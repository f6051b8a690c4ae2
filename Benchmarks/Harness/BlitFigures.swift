import BytePath
import LinuxSystem

/// The tree of the corpus made by a loop of system calls, with one thread and with two.
struct BlitFigures {
    var moss: MossRoot
    var tools: Tools
    var image: JournaledImage
    var rounds: Int

    /// The methods take turns, so that all of them see the same machine; every tree is removed before the next is made.
    func table() throws -> Report.Table {
        let plan = image.mountPoint.appending("plan")
        _ = try Run(tools.linkTree, ["plan", moss.tree, moss.objects, plan])
        var one: [Double] = []
        var two: [Double] = []
        var blitOne: [Double] = []
        var blitTwo: [Double] = []
        let engine = try EngineRoot(moss.root)
        for round in 0...rounds {
            let first = try loop(plan, threads: 1)
            let second = try loop(plan, threads: 2)
            let third = try engine.blit(into: image.mountPoint, threads: 1)
            let fourth = try engine.blit(into: image.mountPoint, threads: 2)
            if round == 0 { continue }  // fills the caches
            blitOne.append(third)
            blitTwo.append(fourth)
            one.append(first)
            two.append(second)
        }
        return Report.Table(
            title: "Full blit of \(moss.tree), warm",
            rows: [
                .init(name: "C loop, 1 thread", seconds: one),
                .init(name: "C loop, 2 threads", seconds: two, limit: one),
                .init(name: "moss, 1 thread", seconds: blitOne, limit: one),
                .init(name: "moss, 2 threads", seconds: blitTwo, limit: one, goal: 0.76),
            ])
    }

    private func loop(_ plan: BytePath, threads: Int) throws -> Double {
        let tree = image.mountPoint.appending("loop")
        let run = try Run(tools.linkTree, ["make", plan, moss.objects, tree, BytePath("\(threads)")])
        try Descriptor.openDirectory(image.mountPoint).removeTree("loop")
        guard let seconds = Double(run.output.prefix { $0 != "\n" }) else {
            throw BenchmarkError("link-tree printed no time: \(run.output)")
        }
        return seconds
    }
}
