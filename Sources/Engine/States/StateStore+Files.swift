package import BytePath
internal import FileTree
internal import LinuxSystem
package import PackageModel
internal import Storage

/// The states' files, from which their records can be made again, and the other way round.
extension StateStore {
    private static let nextNumberName: BytePath = "next-state"
    /// No state is this large: one with a million packages has 40 MB.
    package static let fileSizeMax = 256 << 20

    /// Notes the number of the next state in a file while the state that tells it by its own is still there.
    ///
    /// Nobody waits for the disk here: the file matters only when the database is lost as well.
    func keepNextNumber() throws(StateError) {
        let next = try viewing { (transaction) throws(StateError) in try requiredControl(in: transaction).nextState }
        if try Self.keptNextNumber(root) ?? 0 >= next { return }
        try root.system(below: ".moss") { () throws(SystemError) in
            try root.moss.replaceFile(Self.nextNumberName, with: Array("\(next)\n".utf8))
        }
    }

    /// The number that was noted when states were removed; nil where none was, or not all of it.
    package static func keptNextNumber(_ root: RootDirectory) throws(StateError) -> UInt64? {
        let bytes = try root.system(below: ".moss") { () throws(SystemError) in
            try root.moss.readFileIfPresent(nextNumberName, limit: 4096)
        }
        guard let bytes, bytes.last == 10 else { return nil }
        return UInt64(String(decoding: bytes.dropLast(), as: UTF8.self)).flatMap(State.number)
    }

    /// The states whose records can be read, oldest first, those that were never switched to among them.
    package func readableStates() throws(StateError) -> [State] {
        try viewing { (transaction) throws(StateError) in
            try StateError.database { () throws(DatabaseError) in
                var states: [State] = []
                var cursor = try transaction.cursor(in: StateBuckets.states)
                while try cursor.advance() {
                    do throws(DatabaseError) {
                        states.append(try cursor.value())
                    } catch {
                        guard error.code == .recordDamaged else { throw error }
                    }
                }
                return states
            }
        }
    }

    /// The number that the records call active, which `/usr` must bear unless a switch was cut short.
    package func recordedActive() throws(StateError) -> (number: UInt64, isSwitching: Bool) {
        try viewing { (transaction) throws(StateError) in
            let control = try requiredControl(in: transaction)
            return (control.active, control.journal != nil)
        }
    }

    /// Writes a state's file from its record.
    package func rewriteStateFile(_ number: UInt64) throws(StateError) {
        let state = try viewing { (transaction) throws(StateError) in
            try StateError.database { () throws(DatabaseError) in
                try transaction.value(in: StateBuckets.states, for: number)
            }
        }
        guard let state else { throw .unknownState(number) }
        try root.writeFile(of: state)
    }

    /// Makes the records say that nobody knows what is in the trees on disk, so that none is patched any more.
    package func invalidateTrees() throws(StateError) {
        let all = try slots()
        try updating { (transaction) throws(StateError) in
            for (number, slot) in all {
                try Self.put(slot.untrusted, at: number, &transaction)
            }
            var control = try requiredControl(in: transaction)
            control.live = control.live.untrusted
            try Self.put(control, &transaction)
        }
    }

    /// Trees on disk that the records describe and trust: their place in the root and what they should hold.
    package func describedTrees() throws(StateError) -> [(place: BytePath, tree: TreeID)] {
        try contents().map { ($0.place, $0.content.tree) }
    }

    /// Places in those trees that were made for something to be mounted on.
    package func mountPoints(in place: BytePath) throws(StateError) -> [BytePath] {
        try contents().first { $0.place == place }?.content.mountPoints ?? []
    }

    private func contents() throws(StateError) -> [(place: BytePath, content: TreeOnDisk)] {
        let live = try viewing { (transaction) throws(StateError) in
            let control = try requiredControl(in: transaction)
            // After a switch that was cut short before it was recorded.
            let number = try activeNumber(in: transaction)
            if number != control.active, let state = try state(number, in: transaction) {
                return TreeOnDisk(untrusted: state.tree, mountPoints: control.journal?.mountPoints ?? [])
            }
            return control.live
        }
        return [("usr", live)]
            + (try slots().compactMap { slot in
                guard let content = slot.slot.content, content.stamp != 0 else { return nil }
                return (BytePath(".moss/trees/\(slot.number)"), content)
            })
    }
}

extension RootDirectory {
    package func writeFile(of state: State) throws(StateError) {
        var bytes: [UInt8] = []
        state.encode(into: &bytes)
        let file = bytes
        try StateError.at(path.appending(".moss/states")) { () throws(SystemError) in
            try states.replaceFile(BytePath("\(state.number)"), with: file)
        }
    }
}
