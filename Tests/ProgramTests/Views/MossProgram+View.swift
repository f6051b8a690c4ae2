import BytePath
import LinuxSystem
import Testing

extension MossProgram {
    /// The view of the active state `number` is the live tree, entry by entry.
    func expectShown(_ number: UInt64, _ location: SourceLocation = #_sourceLocation) throws {
        let place = root.parent.appending("view")
        try Descriptor.openDirectory(root.parent).makeDirectory("view")
        defer { try? MountTable.unmount(place, lazily: true) }
        try run("mount", BytePath("\(number)"), place)
        let shown = try ObservedTree(place)
        let live = try ObservedTree(root.appending("usr"), except: [".stateID"])
        let differences = shown.differences(from: live)
        #expect(differences.isEmpty, "\(differences.prefix(20))", sourceLocation: location)
        #expect(shown.problems.isEmpty, "\(shown.problems.prefix(20))", sourceLocation: location)
        try run("umount", place)
        try Descriptor.openDirectory(root.parent).removeDirectory("view")
    }
}
