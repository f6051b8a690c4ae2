import BytePath
import Glibc
import LMDB
import LinuxSystem
import Testing

@Suite struct LMDBTransactionTests {
    struct Refusal: Error {}

    let numbers = Bucket<UInt64, [UInt8]>("numbers")
    let others = Bucket<UInt64, UInt64>("others")

    @Test func throwingUndoesEverything() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        try environment.update { transaction throws in try transaction.put([1], in: numbers, for: 1) }
        #expect(throws: Refusal.self) {
            try environment.update { transaction throws in
                try transaction.put([2], in: numbers, for: 1)
                try transaction.put(1, in: others, for: 1)
                throw Refusal()
            }
        }
        try environment.view { transaction throws in
            #expect(try transaction.value(in: numbers, for: 1) == [1])
            #expect(try transaction.value(in: others, for: 1) == nil)
        }
        // The bucket whose creation was undone can be created again.
        try environment.update { transaction throws in try transaction.put(2, in: others, for: 1) }
        try environment.view { transaction throws in #expect(try transaction.value(in: others, for: 1) == 2) }
    }

    @Test func typedThrowsStayTyped() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        func store() throws(DatabaseError) -> Int {
            try environment.update { (transaction) throws(DatabaseError) in
                try transaction.put([1], in: numbers, for: 1)
                return try transaction.count(in: numbers)
            }
        }
        #expect(try store() == 1)
    }

    @Test func survivesReopening() throws {
        let scratch = try LMDBScratch()
        do {
            let environment = try scratch.open()
            try environment.update { transaction throws in try transaction.put([1], in: numbers, for: 1) }
        }
        let environment = try scratch.open()
        try environment.view { transaction throws in #expect(try transaction.value(in: numbers, for: 1) == [1]) }
    }

    @Test func viewsInsideTransactions() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        try environment.update { transaction throws in try transaction.put([1], in: numbers, for: 1) }
        try environment.update { transaction throws in
            try transaction.put([2], in: numbers, for: 1)
            try transaction.put(3, in: others, for: 1)
            try environment.view { before throws in
                #expect(try before.value(in: numbers, for: 1) == [1])
                #expect(try before.value(in: others, for: 1) == nil)
                try environment.view { same throws in #expect(try same.count(in: numbers) == 1) }
            }
        }
        try environment.view { outer throws in
            try environment.view { inner throws in #expect(try inner.value(in: numbers, for: 1) == [2]) }
            #expect(try outer.value(in: others, for: 1) == 3)
        }
    }

    @Test func manyReadersDuringWrites() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open { $0.initialMapSize = 1 << 20 }
        let count: UInt64 = 50
        try environment.update { transaction throws in
            for key in 0..<count { try transaction.put(0, in: others, for: key) }
        }
        let isDone = Guarded(false)
        let torn = Guarded(0)
        let views = Guarded(0)
        let readers = (0..<4).map { _ in
            startThread {
                while !isDone.withLock({ $0 }) {
                    let values = try? environment.view { transaction throws in
                        var cursor = try transaction.cursor(in: others)
                        var values: Set<UInt64> = []
                        while let (_, value) = try cursor.next() { values.insert(value) }
                        return values
                    }
                    views.withLock { $0 += 1 }
                    if values?.count != 1 { torn.withLock { $0 += 1 } }
                }
            }
        }
        // Grows the map several times under the readers' feet.
        for round in UInt64(1)...60 {
            try environment.update { transaction throws in
                for key in 0..<count { try transaction.put(round, in: others, for: key) }
                try transaction.put([UInt8](repeating: 1, count: 200_000), in: numbers, for: round)
            }
        }
        isDone.withLock { $0 = true }
        for reader in readers { pthread_join(reader, nil) }
        #expect(torn.withLock { $0 } == 0)
        #expect(views.withLock { $0 } > 0)
        #expect(try environment.statistics().mapSize >= 60 * 200_000)
    }

    @Test func writersTakeTurns() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        let threads = (0..<4).map { _ in
            startThread {
                for _ in 0..<50 {
                    try? environment.update { transaction throws in
                        let old = try transaction.value(in: others, for: 0) ?? 0
                        try transaction.put(old + 1, in: others, for: 0)
                    }
                }
            }
        }
        for thread in threads { pthread_join(thread, nil) }
        try environment.view { transaction throws in #expect(try transaction.value(in: others, for: 0) == 200) }
    }

    @Test func updateInsideUpdateTraps() async throws {
        let scratch = try LMDBScratch()
        await #expect(processExitsWith: .failure) { [path = scratch.path.display as String] in
            let environment = try Environment(at: BytePath(path))
            try environment.update { _ in try environment.update { _ in } }
        }
    }

    @Test func updateInsideViewTraps() async throws {
        let scratch = try LMDBScratch()
        await #expect(processExitsWith: .failure) { [path = scratch.path.display as String] in
            let environment = try Environment(at: BytePath(path))
            try environment.view { _ in try environment.update { _ in } }
        }
    }
}

/// Runs `body` on a thread of its own, because blocking must not happen on the cooperative pool.
func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    // The thread takes over the reference.
    let context = Unmanaged.passRetained(Box(body)).toOpaque()
    let result = pthread_create(
        &thread, nil,
        { context in
            if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
            return nil
        }, context)
    precondition(result == 0, "no thread for the test")
    return thread
}
