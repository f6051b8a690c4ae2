import BytePath
import LinuxSystem
import TestSupport
import Testing

/// Power cuts of a real file system: ext4 forgets what it has not written, and replays its journal.
@Suite(.serialized) struct PowerCutTests {
    private static let cutExit: Int32 = 90
    /// Whether the journal is written first; what files hold is not, either way.
    private static let flags = ["2", "1"]

    private func check(_ name: String, pointCount: Int) throws {
        try ImageScene.with(name) { scene in
            let arguments = try #require(scene.operation.steps.first).arguments
            let (before, after, total) = try scene.copied { root, _ in
                let before = try CrashOutcome(of: root.root)
                let count = try ImageScene.callCount(root, scene.operation.complete(arguments, for: root))
                return (before, try CrashOutcome(of: root.root), count)
            }
            var tally = [0, 0]
            // The last calls are the switch itself.
            let last = (0..<(pointCount / 2)).map { max(1, total - 3 * $0 * 4 / pointCount) }
            let spread = (0..<(pointCount / 2)).map { 1 + $0 * (total - 1) * 2 / pointCount }
            let points = Set(last + spread).sorted()
            for point in points {
                for flag in Self.flags {
                    let isNew = try cut(scene, arguments, [before, after], point, flag)
                    if let isNew { tally[isNew ? 1 : 0] += 1 }
                }
            }
            print("power cuts of ext4: \(name), \(points.count) of \(total) calls: \(tally[0]) old, \(tally[1]) new")
        }
    }

    /// - Returns: whether the new state was found; nil where the command ended before the call.
    private func cut(
        _ scene: ImageScene, _ arguments: [BytePath], _ outcomes: [CrashOutcome], _ point: Int, _ flag: String
    ) throws -> Bool? {
        try scene.copied { root, mount in
            let end = try root.traced(
                ["shutdown", root.root, BytePath("\(point)"), BytePath(flag)],
                scene.operation.complete(arguments, for: root)
            ).end
            guard end == .exited(Self.cutExit) || end == .exited(0) else {
                throw CommandRoot.Failure(description: "\(scene.operation.name), call \(point): \(end)")
            }
            try mount.remount()
            let isDone = end == .exited(0)
            let expected = CrashChecker.Expectation(
                outcomes: isDone ? 1...1 : 0...1, isTidy: true, goesOn: true, isDamaged: false)
            // A reader comes first, and may write nothing.
            let isNew = try CrashOutcome(of: root.root).isSame(
                outcomes[1].active, outcomes[1].states, outcomes[1].settings)
            try withScratchDirectory(inMemory: true) { scratch in
                let checker = CrashChecker(disk: try CrashDisk(in: scratch), outcomes: outcomes)
                let problem = try checker.violation(of: root.root, expected)
                #expect(problem == nil, "\(scene.operation.name), call \(point), flag \(flag)")
            }
            return isDone ? nil : isNew
        }
    }

    // The names are those of CrashOperation.

    @Test(.needsLoopDevices, arguments: ["install", "activate"])
    func aSample(name: String) throws { try check(name, pointCount: 4) }

    @Test(
        .needsLoopDevices, .long,
        arguments: [
            "first install", "install", "install without spare", "remove", "activate", "state remove", "prune", "tidy",
        ])
    func manyPoints(name: String) throws { try check(name, pointCount: 40) }
}
