import BytePath
import Digests
import Glibc
import LMDB
import Testing

@Suite struct LMDBDamageTests {
    let numbers = Bucket<UInt64, [UInt8]>("numbers")

    private func fill(_ scratch: borrowing LMDBScratch, count: UInt64 = 2000) throws {
        let environment = try scratch.open()
        try environment.update { transaction in
            for key in 0..<count {
                let value = [UInt8](repeating: 0xa5, count: 200) + Array("mark\(key);".utf8)
                try transaction.put(value, in: numbers, for: key)
            }
            try transaction.put([UInt8](repeating: 0x5a, count: 100_000), in: numbers, for: .max)
        }
        try environment.checkStructure()
    }

    @Test func aFlippedByteOfARecordIsFound() throws {
        let scratch = try LMDBScratch()
        try fill(scratch)
        var data = try scratch.readData()
        let mark = Array("mark77;".utf8)
        let place = try #require(data.indices.first { data[$0...].starts(with: mark) })
        data[place - 100] ^= 1
        try scratch.writeData(data)
        let environment = try scratch.open()
        do {
            try environment.view { transaction throws in _ = try transaction.value(in: numbers, for: 77) }
            Issue.record("the damaged record was read")
        } catch let error as DatabaseError {
            #expect(error.code == .recordDamaged)
            #expect(error.bucket == "numbers")
            #expect(error.key == [0, 0, 0, 0, 0, 0, 0, 77])
            #expect(error.description.contains("key 000000000000004d"))
            #expect(error.description.contains(scratch.path.display))
        }
        try environment.view { transaction throws in
            #expect(try transaction.value(in: numbers, for: 78) != nil, "the others are readable")
            #expect(try transaction.contains(77, in: numbers))
        }
        // Writing the record again heals it.
        try environment.update { transaction in try transaction.put([1], in: numbers, for: 77) }
        try environment.view { transaction throws in #expect(try transaction.value(in: numbers, for: 77) == [1]) }
    }

    @Test func aValueThatCannotBeDecodedNamesItsRecord() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        let digests = Bucket<UInt64, Digest128>("numbers")
        try environment.update { transaction in try transaction.put([1, 2], in: numbers, for: 3) }
        #expect(
            databaseErrorCode {
                try environment.view { transaction throws in _ = try transaction.value(in: digests, for: 3) }
            } == .recordDamaged)
        #expect(
            databaseErrorCode {
                try environment.view { transaction throws in _ = try transaction.first(in: digests) }
            } == .recordDamaged)
    }

    @Test func truncatedFilesAreRefusedBeforeTheyAreMapped() throws {
        let scratch = try LMDBScratch()
        try fill(scratch)
        let data = try scratch.readData()
        for count in [1, 16, 151, 4096, 4097, 8191, 8192, 8193, data.count / 2, data.count - 4096, data.count - 1] {
            try scratch.writeData(Array(data[..<count]))
            let code = databaseErrorCode { _ = try scratch.open() }
            #expect(code == .damaged || code == .notADatabase, "\(count) of \(data.count) bytes")
        }
        try scratch.writeData(data)
        _ = try scratch.open()
    }

    @Test func foreignFilesAreRefused() throws {
        let scratch = try LMDBScratch()
        try fill(scratch)
        let data = try scratch.readData()
        let cases: [(offset: Int, byte: UInt8, code: DatabaseError.Code)] = [
            (16, 0, .notADatabase),  // magic
            (20, 2, .versionMismatch),  // data format
            (10, 0, .notADatabase),  // not a meta page
            (40, 1, .damaged),  // page size
            (4096 + 16, 0, .notADatabase),  // magic of the second meta page
        ]
        for (offset, byte, code) in cases {
            var changed = data
            changed[offset] = byte
            try scratch.writeData(changed)
            #expect(databaseErrorCode { _ = try scratch.open() } == code, "byte \(offset)")
        }
        try scratch.writeData(Array("#!/bin/sh\n".utf8))
        #expect(databaseErrorCode { _ = try scratch.open() } == .notADatabase)
        try scratch.writeData([UInt8](repeating: 0, count: 100_000))
        #expect(databaseErrorCode { _ = try scratch.open() } == .notADatabase)
    }

    @Test func theStructureCheckFindsWildPages() throws {
        let scratch = try LMDBScratch()
        try fill(scratch)
        let environment = try scratch.open()
        let data = try scratch.readData()
        var found = 0
        // The offset of the first node of each tree page is made to point into the page header.
        for page in stride(from: 8192, to: data.count, by: 4096) {
            let isTreePage = data[page + 10] & 3 != 0 && data[page + 11] == 0
            guard isTreePage, data[page] == UInt8(truncatingIfNeeded: page / 4096) else { continue }
            var changed = data
            changed[page + 16] = 1
            changed[page + 17] = 0
            let other = try LMDBScratch()
            let copy = try other.open()
            try other.writeData(changed)
            if databaseErrorCode({ try copy.checkStructure() }) == .damaged { found += 1 }
            if found == 5 { break }
        }
        #expect(found > 0)
        try environment.checkStructure()
    }

    @Test func missingPlacesAreClearErrors() throws {
        let scratch = try LMDBScratch()
        #expect(databaseErrorCode { _ = try Environment(at: scratch.path.appending("none")) } == .notFound)
        #expect(databaseErrorCode { _ = try scratch.open { $0.readOnly = true } } == .notFound)
    }

    @Test func aDirectoryIsOpenOnlyOnce() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        #expect(databaseErrorCode { _ = try scratch.open() } == .alreadyOpen)
        #expect(
            databaseErrorCode { _ = try Environment(at: BytePath(scratch.path.display + "/.")) } == .alreadyOpen)
        try environment.update { transaction in try transaction.put([1], in: numbers, for: 0) }
    }

    @Test func readOnlyReadsAndNeverWrites() throws {
        let scratch = try LMDBScratch()
        try fill(scratch, count: 3)
        let before = try scratch.readData()
        let environment = try scratch.open { $0.readOnly = true }
        try environment.view { transaction throws in #expect(try transaction.count(in: numbers) == 4) }
        #expect(databaseErrorCode { try environment.update { _ in } } == .readOnly)
        #expect(try scratch.readData() == before)
    }
}
