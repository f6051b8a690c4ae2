internal import BytePath
internal import Failures
internal import LinuxSystem
package import States
internal import Storage

/// The files of states: read without records, and held against these.
package struct StateFileCheck {
    private let store: StateStore

    package init(_ store: StateStore) {
        self.store = store
    }

    /// Reads every state's file.
    ///
    /// - Returns: the states, ascending, and what is wrong with the files of others.
    static func readAll(_ root: RootDirectory) throws(StateError) -> (states: [State], damage: [Damage]) {
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
                let bytes = try root.states.readFile(entry.name, limit: StateStore.fileSizeMax)
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

    /// Holds the states' files against their records.
    package func run() throws(StateError) -> (damage: [Damage], unseen: [Damage.Unseen]) {
        var known: [UInt64: [UInt8]] = [:]
        var damage: [Damage] = []
        var unseen: [Damage.Unseen] = []
        try store.viewing { (transaction) throws(StateError) in
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
        let entries = try store.root.system(below: ".moss/states") { () throws(SystemError) in
            try store.root.states.entries()
        }
        var present: Set<UInt64> = []
        for entry in entries {
            guard let number = UInt64(entry.name.display).flatMap(State.number), BytePath("\(number)") == entry.name
            else {
                damage.append(Damage(.file(BytePath("states").appending(entry.name)), .orphan))
                continue
            }
            present.insert(number)
            guard let record = known[number] else {
                let isDamaged = damage.contains { $0.subject == .record(bucket: "states", key: Self.key(number)) }
                if !isDamaged { damage.append(Damage(.stateFile(number), .orphan, "the state has no record")) }
                continue
            }
            do throws(SystemError) {
                let status = try store.root.states.status(of: entry.name)
                // In an earlier version it may have had more bytes, but not that many.
                let limit = 2 * record.count
                let isAlike = status.kind != .regular || status.size <= limit
                if isAlike, Self.saysSame(try store.root.states.readFile(entry.name, limit: limit), record) { continue }
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

    /// Whether file and record are the same state, in whatever version each is written.
    private static func saysSame(_ file: [UInt8], _ record: [UInt8]) -> Bool {
        if file == record { return true }
        let states = [file, record].map { bytes in try? bytes.withUnsafeBytes { try State(decoding: $0) } }
        return states[0] != nil && states[0] == states[1]
    }

    private static func key(_ number: UInt64) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }
}
