import BytePath
import LinuxSystem
import TestSupport
import Testing

/// A disk that somebody else fills up, at any moment of a change: the old state or the new one is whole, the error says
/// what is missing where, nothing is left over, and with room again the next try works.
@Suite(.serialized) struct FullDiskTests {
    private static let noSpace: Int32 = 6

    private struct Expected {
        let old: TreeListing
        let new: TreeListing
        let active: UInt64?
    }

    private func check(_ name: String, _ kind: BytePath, _ image: LoopFileSystem, pointCount: Int) throws {
        try ImageScene.with(name, on: image) { scene in
            let step = try #require(scene.operation.steps.first)
            let (expected, total) = try scene.copied { root, _ in
                let (old, active) = (try root.listing(), try root.active())
                let total = try ImageScene.callCount(root, scene.operation.complete(step.arguments, for: root))
                return (Expected(old: old, new: try root.listing(), active: active), total)
            }
            var tally: [String: Int] = [:]
            let points =
                pointCount < total ? (0..<pointCount).map { 1 + $0 * (total - 1) / (pointCount - 1) } : Array(1...total)
            for point in points {
                let place = "\(name), \(kind.display) full before call \(point) of \(total)"
                let end = try scene.copied { root, mount in
                    try fill(
                        root, mount, scene.operation.complete(step.arguments, for: root), kind, point, expected, place)
                }
                tally[end, default: 0] += 1
            }
            print(
                "full disks: \(name), \(kind.display), \(points.count) of \(total) calls: \(tally.sorted { $0.key < $1.key })"
            )
        }
    }

    private func fill(
        _ root: CommandRoot, _ mount: LoopFileSystem.Mount, _ arguments: [BytePath], _ kind: BytePath, _ point: Int,
        _ expected: Expected, _ place: String
    ) throws -> String {
        let filler = mount.point.appending("filler")
        let result = try root.traced(["fill", kind, root.root, filler, BytePath("\(point)")], arguments)
        #expect([0, Self.noSpace].contains(result.exitCode), "\(place): \(result.end): \(result.errorText)")
        if result.exitCode == Self.noSpace {
            let text = result.errorText
            #expect(text.contains("the file system at \(mount.point)"), "\(place): \(text)")
            #expect(text.contains(" \(kind.display) free, this change needs "), "\(place): \(text)")
            #expect(text.contains(" more; "), "\(place): \(text)")
        }
        // Looking takes no room.
        let found = try root.listing()
        #expect(found == expected.old || found == expected.new, "\(place)")
        let isOld = found == expected.old
        #expect(result.exitCode != 0 || !isOld, "\(place)")
        let active = try root.active()
        #expect((active == expected.active) == isOld, "\(place): state \(active ?? 0) is active")
        if isOld {
            let litter = try root.litter(besidesTrees: true)
            #expect(litter == [], "\(place)")
        }
        try Descriptor.openDirectory(mount.point).removeTree("filler")
        if isOld {
            // A tree that another test's sandbox kept meanwhile can only go once there is room to note it.
            let litter = try root.litter()
            #expect(litter == [], "\(place), with room again")
        }
        if isOld { try root.command(arguments).runSuccessfully() }
        try root.done("tidy")
        #expect(try root.listing() == expected.new, "\(place)")
        let litter = try root.litter()
        #expect(litter == [], "\(place), the second time")
        return "exit code \(result.exitCode ?? -1), \(isOld ? "old" : "new") state"
    }

    /// So few inodes that they can be used up.
    private static let fewInodes = LoopFileSystem(sizeMiB: 48, bytesPerInode: 64 << 10)

    @Test(.needsLoopDevices) func aSample() throws {
        try check("install", "bytes", LoopFileSystem(sizeMiB: 48), pointCount: 6)
        try check("install", "inodes", Self.fewInodes, pointCount: 3)
    }

    @Test(.needsLoopDevices, .long, arguments: ["first install", "install", "install without spare", "activate"])
    func everyCall(name: String) throws {
        try check(name, "bytes", LoopFileSystem(sizeMiB: 48), pointCount: .max)
        try check(name, "inodes", Self.fewInodes, pointCount: .max)
    }
}
