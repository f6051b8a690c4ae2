import Blit
import BytePath
import FileTree
import LinuxSystem
import ObjectStore
import PackageCatalog
import PackageModel
import States
import Storage
import TestSupport

extension EngineScratch {
    /// The records that say what the root is in the middle of, as bytes.
    struct Books {
        var control: [UInt32: [UInt8]] = [:]
        var slots: [UInt64: [UInt8]] = [:]
        var states: [UInt64: [UInt8]] = [:]

        var journalSlot: UInt64? {
            let record = control[0].flatMap { try? $0.withUnsafeBytes { try Control(decoding: $0) } }
            return record?.journal?.slot
        }

        var isInFlux: Bool { journalSlot != nil }
    }

    private static let control = Bucket<UInt32, [UInt8]>("control")
    private static let slots = Bucket<UInt64, [UInt8]>("tree-slots")
    private static let stateRecords = Bucket<UInt64, [UInt8]>("states")

    func books() throws -> Books {
        try database.view { transaction throws in
            var books = Books()
            var control = try transaction.cursor(in: Self.control)
            while let (key, value) = try control.next() { books.control[key] = value }
            var slots = try transaction.cursor(in: Self.slots)
            while let (key, value) = try slots.next() { books.slots[key] = value }
            var states = try transaction.cursor(in: Self.stateRecords)
            while let (key, value) = try states.next() { books.states[key] = value }
            return books
        }
    }

    /// Takes the records back to an earlier time, as if what came after had not been written.
    func restore(_ books: Books) throws {
        let now = try self.books()
        try database.update { transaction throws in
            for key in now.slots.keys { try transaction.remove(key, in: Self.slots) }
            for key in now.states.keys { try transaction.remove(key, in: Self.stateRecords) }
            for (key, value) in books.control { try transaction.put(value, in: Self.control, for: key) }
            for (key, value) in books.slots { try transaction.put(value, in: Self.slots, for: key) }
            for (key, value) in books.states { try transaction.put(value, in: Self.stateRecords, for: key) }
        }
    }

    func candidate(_ packages: [PackageRecord]) throws -> Candidate {
        Candidate(
            tree: try compose(packages.map(\.layout)),
            selections: packages.map { Selection(package: $0.id, isExplicit: true) }, summary: "test",
            arrivals: packages)
    }

    @discardableResult
    func commit(_ packages: [PackageRecord]) throws -> SwitchReport {
        try states.commit(candidate(packages), Blitter(objects))
    }

    @discardableResult
    func activate(_ number: UInt64) throws -> SwitchReport {
        try states.activate(state(number), Blitter(objects))
    }

    struct NoSuchState: Error {}

    func state(_ number: UInt64) throws -> State {
        let state = try states.viewing { (transaction) throws(StateError) in
            try states.state(number, in: transaction)
        }
        guard let state else { throw NoSuchState() }
        return state
    }

    func numbers() throws -> [UInt64] {
        try states.viewing { (transaction) throws(StateError) in try states.states(in: transaction).map(\.number) }
    }

    func active() throws -> UInt64 {
        try states.viewing { (transaction) throws(StateError) in try states.activeNumber(in: transaction) }
    }

    /// Swaps `/usr` and a slot's tree, as the exchange does.
    func exchange(_ slot: UInt64) throws {
        let root = try Descriptor.openDirectory(root)
        try root.exchange("usr", with: BytePath(".moss/trees/\(slot)"), below: root)
    }

    func slotNames() throws -> [UInt64] {
        try Descriptor.openDirectory(root.appending(".moss/trees")).entries().compactMap { UInt64($0.name.display) }
            .sorted()
    }

    /// What is wrong with the live tree as that of `number`.
    func liveComplaints(_ number: UInt64) throws -> [String] {
        var lines = try differences(root.appending("usr"), state(number).tree)
        let file = try Descriptor.openDirectory(root).readFile("usr/.stateID")
        if file != Array("\(number)".utf8) { lines.append(".stateID is \(file)") }
        if try active() != number { lines.append("active is \(try active())") }
        return lines
    }
}
