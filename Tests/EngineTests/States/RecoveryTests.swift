import Blit
import BytePath
import FileTree
import LinuxSystem
import ObjectStore
import PackageCatalog
import PackageModel
import States
import TestSupport
import Testing

/// Stops are made by taking records and trees back to what they were at a step of the switch.
@Suite("Recovering from stops", .serialized)
struct RecoveryTests {
    /// A root with states 1 {a, b} and 2 {a}.
    private func withTwoStates(_ body: (EngineScratch, [PackageRecord]) throws -> Void) throws {
        try withEngineScratch { scratch throws in
            var packages: [PackageRecord] = []
            for (number, name) in ["a", "b", "c"].enumerated() {
                let files: [(String, [UInt8])] = [
                    ("bin/\(name)", [1, UInt8(number)]), ("share/\(name)/x", [2, UInt8(number)]),
                ]
                packages.append(try scratch.ingest(SamplePackage(name: name, files: files)))
            }
            try scratch.commit([packages[0], packages[1]])
            try scratch.commit([packages[0]])
            #expect(try scratch.liveComplaints(2) == [])
            try body(scratch, packages)
        }
    }

    /// The records while the tree is being staged in full, as it is where somebody holds every spare.
    private func booksDuring(_ scratch: EngineScratch, _ body: (Blitter) throws -> Void) throws -> EngineScratch.Books {
        var held: [HeldDirectory] = []
        for slot in try scratch.slotNames() {
            held.append(try HeldDirectory(scratch.root.appending(".moss/trees/\(slot)")))
        }
        defer { withExtendedLifetime(held) {} }
        let caught = Guarded<EngineScratch.Books?>(nil)
        let blitter = Blitter(scratch.objects, threadCount: 1) { _ in
            guard let books = try? scratch.books(), books.isInFlux else { return }
            caught.withLock { $0 = $0 ?? books }
        }
        try body(blitter)
        return try #require(caught.withLock { $0 })
    }

    private func slot(_ books: EngineScratch.Books) throws -> UInt64 { try #require(books.journalSlot) }

    enum Step: CaseIterable { case staging, recorded, exchanged }

    @Test("a new state: forgotten before the exchange, finished after it", arguments: Step.allCases)
    func newState(step: Step) throws {
        try withTwoStates { scratch, packages in
            let candidate = try scratch.candidate([packages[0], packages[2]])
            var books = try booksDuring(scratch) { _ = try scratch.states.commit(candidate, $0) }
            let slot = try slot(books)
            if step != .staging { books.states = try scratch.books().states }
            try scratch.restore(books)
            if step != .exchanged { try scratch.exchange(slot) }
            let expected: UInt64 = step == .exchanged ? 3 : 2
            // Readers see what is live before anyone has recovered.
            #expect(try scratch.active() == expected)
            #expect(try scratch.numbers() == Array(1...expected))
            #expect(try scratch.states.recover() == (step == .exchanged ? .finished(3) : .forgotten(3)))
            #expect(try scratch.states.recover() == .notNeeded)
            #expect(try scratch.liveComplaints(expected) == [])
            #expect(try scratch.numbers() == Array(1...expected))
            let files = try Descriptor.openDirectory(scratch.root.appending(".moss/states")).entries().count
            #expect(files == Int(expected))
            try goesOn(scratch, packages)
        }
    }

    @Test("activating a state that is not active", arguments: [false, true])
    func activation(isExchanged: Bool) throws {
        try withTwoStates { scratch, packages in
            let state = try scratch.state(1)
            let books = try booksDuring(scratch) { _ = try scratch.states.activate(state, $0) }
            let slot = try slot(books)
            try scratch.restore(books)
            if !isExchanged { try scratch.exchange(slot) }
            #expect(try scratch.states.recover() == (isExchanged ? .finished(1) : .forgotten(1)))
            #expect(try scratch.liveComplaints(isExchanged ? 1 : 2) == [])
            #expect(try scratch.numbers() == [1, 2])
            try goesOn(scratch, packages)
        }
    }

    @Test("writing the active state anew, stopped before its slot was touched: the slot is not taken for that state")
    func activeAgain() throws {
        try withTwoStates { scratch, packages in
            // What step 1 records, with the tree of state 1 in the slot.
            let slot = try #require(scratch.slotNames().last)
            var books = try scratch.books()
            let numbers = [UInt64(2), slot].map { number in withUnsafeBytes(of: number.littleEndian) { Array($0) } }
            // In the place of the last byte, which says that there is no switch: one, to state 2, which is not new, with
            // that slot and no mount points.
            #expect(books.control[0]?.popLast() == 0)
            books.control[0]? += [1] + numbers[0] + [0] + numbers[1] + [0, 0, 0, 0]
            #expect(books.journalSlot == slot)
            var empty: [UInt8] = []
            TreeSlot(nil).encode(into: &empty)
            books.slots[slot] = empty
            try scratch.restore(books)
            _ = try scratch.states.recover()
            #expect(try scratch.liveComplaints(2) == [])
            try goesOn(scratch, packages)
        }
    }

    @Test("somebody exchanged the trees: the records follow, and no slot is taken for what it was")
    func followed() throws {
        try withTwoStates { scratch, packages in
            try scratch.exchange(#require(scratch.slotNames().last))
            #expect(try scratch.states.recover() == .followed(1))
            #expect(try scratch.states.recover() == .notNeeded)
            #expect(try scratch.liveComplaints(1) == [])
            // The slot holds state 2 now: were it taken for state 1, state 1 plus c would miss b.
            try scratch.commit(packages)
            #expect(try scratch.liveComplaints(3) == [])
            try goesOn(scratch, packages)
        }
    }

    @Test("a missing, foreign or unreadable number changes nothing", arguments: ["", "x", "2\n", "77", "-1"])
    func garbage(text: String) throws {
        try withTwoStates { scratch, packages in
            let usr = try Descriptor.openDirectory(scratch.root.appending("usr"))
            try usr.unlink(".stateID")
            if !text.isEmpty { try usr.replaceFile(".stateID", with: Array(text.utf8)) }
            #expect(try scratch.states.recover() == .notNeeded)
            #expect(try scratch.active() == 2)
            try goesOn(scratch, packages)
        }
    }

    @Test("an object that is gone: the switch fails, the old state stays, and the next one works")
    func failure() throws {
        try withTwoStates { scratch, packages in
            let digest = try #require(packages[2].objects.keys.first)
            let path = EngineScratch.objectPath(digest, EntryMetadata(mode: 0o444))
            let moss = try Descriptor.openDirectory(scratch.root.appending(".moss"))
            try moss.rename(path, to: "aside")
            #expect(throws: StateError.self) { try scratch.commit([packages[0], packages[2]]) }
            try moss.rename("aside", to: path)
            _ = try scratch.states.recover()
            #expect(try scratch.numbers() == [1, 2])
            #expect(try scratch.liveComplaints(2) == [])
            try goesOn(scratch, packages)
        }
    }

    /// Whatever happened, switching and tidying work, and every state can be had back.
    private func goesOn(_ scratch: EngineScratch, _ packages: [PackageRecord]) throws {
        try scratch.commit([packages[0], packages[2]])
        let last = try #require(scratch.numbers().last)
        #expect(try scratch.liveComplaints(last) == [])
        _ = try scratch.states.tidy(Blitter(scratch.objects))
        for number in try scratch.numbers() {
            try scratch.activate(number)
            #expect(try scratch.liveComplaints(number) == [])
        }
        _ = try scratch.states.tidy(Blitter(scratch.objects))
    }
}

/// A directory kept open as long as this lives.
private final class HeldDirectory {
    private let descriptor: Descriptor

    init(_ path: BytePath) throws { descriptor = try Descriptor.openDirectory(path) }
}
