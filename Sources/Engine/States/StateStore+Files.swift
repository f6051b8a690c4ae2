package import BytePath
package import ContentStore
internal import Failures
internal import FileTree
internal import LMDB
internal import LinuxSystem
package import PackageModel

/// The states' files, from which their records can be made again, and the other way round.
extension StateStore {
    private static let nextNumberName: BytePath = "next-state"
    /// No state is this large: one with a million packages has 40 MB.
    private static let sizeMax = 256 << 20

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
    static func keptNextNumber(_ root: RootDirectory) throws(StateError) -> UInt64? {
        let bytes = try root.system(below: ".moss") { () throws(SystemError) in
            try root.moss.readFileIfPresent(nextNumberName, limit: 4096)
        }
        guard let bytes, bytes.last == 10 else { return nil }
        return UInt64(String(decoding: bytes.dropLast(), as: UTF8.self)).flatMap(State.number)
    }

    /// Reads every state's file.
    ///
    /// - Returns: the states, ascending, and what is wrong with the files of others.
    static func readStateFiles(_ root: RootDirectory) throws(StateError) -> (states: [State], damage: [Damage]) {
        var states: [State] = []
        var damage: [Damage] = []
        let entries = try root.system(below: ".moss/states") { () throws(SystemError) in try root.states.entries() }
        for entry in entries {
            guard let number = UInt64(entry.name.display).flatMap(State.number), BytePath("\(number)") == entry.name
            else {
                damage.append(Damage(.file(BytePath("states").appending(entry.name)), .orphan))
                continue
            }
            do {
                let bytes = try root.states.readFile(entry.name, limit: sizeMax)
                let state = try bytes.withUnsafeBytes { try State(decoding: $0) }
                guard state.number == number else { throw DecodingFailure("it is state \(state.number)") }
                states.append(state)
            } catch let error as SystemError {
                // A state that cannot be looked at is not lost.
                guard error.isLossOfContent || !error.saysNothing else {
                    throw .system(error.below(root.path.appending(".moss/states")))
                }
                damage.append(Damage(.stateFile(number), .unreadable, "\(error)"))
            } catch {
                damage.append(Damage(.stateFile(number), .damaged, "\(error)"))
            }
        }
        return (states.sorted { $0.number < $1.number }, damage)
    }

    /// Holds the states' files against their records, byte by byte.
    package func checkStateFiles() throws(StateError) -> (damage: [Damage], unseen: [Damage.Unseen]) {
        var known: [UInt64: [UInt8]] = [:]
        var damage: [Damage] = []
        var unseen: [Damage.Unseen] = []
        try viewing { (transaction) throws(StateError) in
            do throws(DatabaseError) {
                var cursor = try transaction.cursor(in: StateBuckets.states)
                while try cursor.advance() {
                    let number = try cursor.key()
                    do throws(DatabaseError) {
                        let bytes = try cursor.valueBytes()
                        known[number] = bytes.withUnsafeBytes { Array($0) }
                    } catch {
                        guard error.code == .recordDamaged, let key = error.key else { throw error }
                        damage.append(Damage(.record(bucket: "states", key: key), .damaged, error.detail))
                    }
                }
            } catch {
                throw .database(error)
            }
        }
        let entries = try root.system(below: ".moss/states") { () throws(SystemError) in try root.states.entries() }
        var present: Set<UInt64> = []
        for entry in entries {
            guard let number = UInt64(entry.name.display).flatMap(State.number), BytePath("\(number)") == entry.name
            else {
                damage.append(Damage(.file(BytePath("states").appending(entry.name)), .orphan))
                continue
            }
            present.insert(number)
            guard let record = known[number] else {
                let isDamaged = damage.contains { $0.subject == .record(bucket: "states", key: stateKey(number)) }
                if !isDamaged { damage.append(Damage(.stateFile(number), .orphan, "the state has no record")) }
                continue
            }
            do throws(SystemError) {
                let status = try root.states.status(of: entry.name)
                let isAlike = status.kind != .regular || status.size == record.count
                if isAlike, try root.states.readFile(entry.name, limit: record.count) == record { continue }
                damage.append(Damage(.stateFile(number), .wrongContent, "it says something else than the record"))
            } catch {
                if error.isLossOfContent || !error.saysNothing {
                    damage.append(Damage(.stateFile(number), .unreadable, "\(error)"))
                } else {
                    unseen.append(Damage.Unseen(.stateFile(number), error.below(".moss/states")))
                }
            }
        }
        for number in known.keys.sorted() where !present.contains(number) {
            damage.append(Damage(.stateFile(number), .missing))
        }
        return (damage, unseen)
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

    private func stateKey(_ number: UInt64) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }

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
    package func distrustTrees() throws(StateError) {
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
    func writeFile(of state: State) throws(StateError) {
        var bytes: [UInt8] = []
        state.encode(into: &bytes)
        let file = bytes
        try StateError.at(path.appending(".moss/states")) { () throws(SystemError) in
            try states.replaceFile(BytePath("\(state.number)"), with: file)
        }
    }
}
