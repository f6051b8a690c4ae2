internal import BytePath
internal import FileTree
internal import LinuxSystem
package import ObjectStore
package import PackageCatalog
internal import PackageModel
package import Storage

/// States, their journal and their recovery: which tree is live and which can be again.
///
/// Readers take no lock. Whoever changes anything holds the root's lock; trees on disk are changed under the trees'
/// lock as well, which a background preparation also takes.
package struct StateStore: Sendable {
    package let root: RootDirectory
    package let catalog: PackageCatalog
    package var objects: ObjectStore { catalog.objects }
    let database: Database

    /// Opens the states of `root`; on a root made just now, writes the first records.
    package init(_ root: RootDirectory, _ catalog: PackageCatalog, _ database: Database) {
        self.root = root
        self.catalog = catalog
        self.database = database
    }

    /// Writes the first records of a new root: nothing active, an empty tree live.
    package func initialise() throws(StateError) {
        let isKnown = try viewing { (transaction) throws(StateError) in try Self.control(in: transaction) != nil }
        if isKnown { return }
        try root.settleDatabase("db")
        let stamp = try root.system { () throws(SystemError) in try root.root.status(of: "usr").changed }
        try updating { (transaction) throws(StateError) in
            guard try Self.control(in: transaction) == nil else { return }
            let empty = ComposedTree.empty
            try Self.catchingStore { () throws(StoreError) in try objects.save(empty, in: &transaction) }
            try Self.put(Control(live: TreeOnDisk(tree: empty.root, stamp: stamp, fingerprint: 0)), &transaction)
        }
    }

    static func control(
        in transaction: borrowing some ReadableTransaction & ~Copyable
    ) throws(StateError) -> Control? {
        try StateError.database { () throws(DatabaseError) in
            try transaction.value(in: StateBuckets.control, for: StateBuckets.controlKey)
        }
    }

    func requiredControl(
        in transaction: borrowing some ReadableTransaction & ~Copyable
    ) throws(StateError) -> Control {
        guard let control = try Self.control(in: transaction) else { throw .noControlRecord(root.path) }
        return control
    }

    package static func put(_ control: Control, _ transaction: inout WriteTransaction) throws(StateError) {
        do throws(DatabaseError) {
            try transaction.put(control, in: StateBuckets.control, for: StateBuckets.controlKey)
        } catch {
            throw .database(error)
        }
    }

    package static func put(_ slot: TreeSlot, at number: UInt64, _ transaction: inout WriteTransaction)
        throws(StateError)
    {
        do throws(DatabaseError) {
            try transaction.put(slot, in: StateBuckets.slots, for: number)
        } catch {
            throw .database(error)
        }
    }

    /// The active state's number, 0 before the first; right also after a switch that was cut short before it was
    /// recorded, because `/usr/.stateID` is what counts.
    package func activeNumber(
        in transaction: borrowing some ReadableTransaction & ~Copyable
    ) throws(StateError) -> UInt64 {
        let control = try requiredControl(in: transaction)
        guard let journal = control.journal, try root.liveStateNumber() == journal.state else { return control.active }
        // This snapshot may be older than the state whose tree was exchanged a moment ago.
        let isKnown = try StateError.database { () throws(DatabaseError) in
            try transaction.contains(journal.state, in: StateBuckets.states)
        }
        return isKnown ? journal.state : control.active
    }

    /// The state of a number; nil for unknown ones, and for one whose switch was cut short before it was live.
    package func state(
        _ number: UInt64, in transaction: borrowing some ReadableTransaction & ~Copyable
    ) throws(StateError) -> State? {
        let control = try requiredControl(in: transaction)
        if let journal = control.journal, journal.isNew, journal.state == number,
            try root.liveStateNumber() != number
        {
            return nil
        }
        return try StateError.database { () throws(DatabaseError) in
            try transaction.value(in: StateBuckets.states, for: number)
        }
    }

    /// All states, oldest first.
    package func states(
        in transaction: borrowing some ReadableTransaction & ~Copyable
    ) throws(StateError) -> [State] {
        let unborn = try requiredControl(in: transaction).journal.flatMap { $0.isNew ? $0.state : nil }
        let live = try unborn == nil ? nil : root.liveStateNumber()
        return try StateError.database { () throws(DatabaseError) -> [State] in
            var states: [State] = []
            var cursor = try transaction.cursor(in: StateBuckets.states)
            while let (number, state) = try cursor.next() {
                if number == unborn && live != number { continue }
                states.append(state)
            }
            return states
        }
    }

    /// Runs a read transaction whose body throws state errors.
    package func viewing<R>(_ body: (borrowing ReadTransaction) throws(StateError) -> R) throws(StateError) -> R {
        do {
            return try database.view { transaction throws in try body(transaction) }
        } catch {
            throw Self.narrowed(error)
        }
    }

    /// Runs a write transaction whose body throws state errors.
    package func updating<R>(_ body: (inout WriteTransaction) throws(StateError) -> R) throws(StateError) -> R {
        do {
            return try database.update { transaction throws in try body(&transaction) }
        } catch {
            throw Self.narrowed(error)
        }
    }

    /// Transactions throw their own errors or their body's.
    private static func narrowed(_ error: any Error) -> StateError {
        switch error {
        case let error as StateError: error
        case let error as DatabaseError: .database(error)
        default: .store(StoreError(error))
        }
    }

    package static func catchingStore<R>(_ body: () throws(StoreError) -> R) throws(StateError) -> R {
        do throws(StoreError) {
            return try body()
        } catch {
            throw .store(error)
        }
    }
}
