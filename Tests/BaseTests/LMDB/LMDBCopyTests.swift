import BytePath
import Digests
import Glibc
import LMDB
import LinuxSystem
import Testing

/// Copies of databases whose owner is not trusted.
@Suite struct LMDBCopyTests {
    private static let numbers = Bucket<UInt64, [UInt8]>("numbers")
    private static let limit: UInt64 = 64 << 20

    private func fill(_ scratch: borrowing LMDBScratch) throws {
        let environment = try scratch.open()
        try environment.update { transaction in
            for key in UInt64(0)..<500 {
                try transaction.put([UInt8](repeating: UInt8(key % 251), count: 3000), in: Self.numbers, for: key)
            }
        }
    }

    private func copy(_ scratch: borrowing LMDBScratch, limit: UInt64 = limit) throws -> Environment {
        try Environment(copyOf: Descriptor.openDirectory(scratch.path), at: scratch.path, limit: limit)
    }

    private func names(_ scratch: borrowing LMDBScratch) throws -> [BytePath] {
        try Descriptor.openDirectory(scratch.path).entries().map(\.name).sorted()
    }

    @Test func saysTheSameAndLeavesNothing() throws {
        let scratch = try LMDBScratch()
        try fill(scratch)
        try Descriptor.openDirectory(scratch.path).unlink("lock.mdb")
        let copy = try copy(scratch)
        #expect(copy.isUntrusted)
        try copy.view { transaction throws in
            #expect(try transaction.count(in: Self.numbers) == 500)
            for key in UInt64(0)..<500 {
                let value = try transaction.value(in: Self.numbers, for: key)
                #expect(value == [UInt8](repeating: UInt8(key % 251), count: 3000))
            }
        }
        #expect(try names(scratch) == ["data.mdb"])
        let code = databaseErrorCode {
            try copy.update { transaction throws in _ = try transaction.put([1], in: Self.numbers, for: 1) }
        }
        #expect(code == .readOnly)
    }

    /// Several at once, and beside the environment itself.
    @Test func isIndependent() throws {
        let scratch = try LMDBScratch()
        try fill(scratch)
        let environment = try scratch.open()
        let first = try copy(scratch)
        try environment.update { transaction in try transaction.clear(Self.numbers) }
        let second = try copy(scratch)
        #expect(try first.view { transaction throws in try transaction.count(in: Self.numbers) } == 500)
        #expect(try second.view { transaction throws in try transaction.count(in: Self.numbers) } == 0)
    }

    /// A file that is mapped and cut short kills with SIGBUS.
    @Test func outlivesTheFile() async throws {
        await #expect(processExitsWith: .success) {
            let scratch = try LMDBScratch()
            do {
                let environment = try scratch.open()
                try environment.update { transaction in
                    for key in UInt64(0)..<500 {
                        try transaction.put([UInt8](repeating: 1, count: 3000), in: Self.numbers, for: key)
                    }
                }
            }
            let copy = try Environment(
                copyOf: Descriptor.openDirectory(scratch.path), at: scratch.path, limit: Self.limit)
            try Descriptor.open(scratch.dataFile, .write).truncate(to: 0)
            let count = try copy.view { transaction throws in
                var cursor = try transaction.cursor(in: Self.numbers)
                var count = 0
                while try cursor.next() != nil { count += 1 }
                return count
            }
            guard count == 500 else { exit(10) }
        }
    }

    @Test func linksPipesAndLargeFilesAreRefused() throws {
        let scratch = try LMDBScratch()
        try fill(scratch)
        #expect(databaseErrorCode { _ = try copy(scratch, limit: 100_000) } == .tooLargeToCopy)
        let directory = try Descriptor.openDirectory(scratch.path)
        try directory.rename("data.mdb", to: "lock.mdb")
        #expect(databaseErrorCode { _ = try copy(scratch) } == .notFound)
        try directory.makeSymlink("data.mdb", to: "lock.mdb")
        #expect(databaseErrorCode { _ = try copy(scratch) } != nil)
        try directory.unlink("data.mdb")
        #expect(scratch.dataFile.withCString { mkfifo($0, 0o600) } == 0)
        #expect(databaseErrorCode { _ = try copy(scratch) } != nil)
        #expect(databaseErrorCode { _ = try scratch.open { $0.readOnly = true } } != nil)
    }

    /// Most of a file whose pages are never written takes no memory, and no time worth speaking of.
    @Test func holesAreNotCopied() throws {
        let scratch = try LMDBScratch()
        try fill(scratch)
        try Descriptor.open(scratch.dataFile, .write).truncate(to: 1 << 40)
        #expect(try copy(scratch).view { transaction throws in try transaction.count(in: Self.numbers) } == 500)
    }

    @Test func aReaderWithoutLockLeavesNoLockFile() throws {
        let scratch = try LMDBScratch()
        try fill(scratch)
        try Descriptor.openDirectory(scratch.path).unlink("lock.mdb")
        let environment = try scratch.open {
            $0.readOnly = true
            $0.withoutLock = true
        }
        #expect(environment.readsWithoutLock)
        #expect(try environment.view { transaction throws in try transaction.count(in: Self.numbers) } == 500)
        #expect(try names(scratch) == ["data.mdb"])
    }
}
