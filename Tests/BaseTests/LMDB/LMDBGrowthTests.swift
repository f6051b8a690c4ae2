import LMDB
import Testing

@Suite struct LMDBGrowthTests {
    let numbers = Bucket<UInt64, [UInt8]>("numbers")

    @Test func growsFromATinyMapInOneUpdate() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open { $0.initialMapSize = 1 }
        let before = try environment.statistics()
        var runs = 0
        try environment.update { transaction in
            runs += 1
            for key in UInt64(0)..<1000 {
                try transaction.put([UInt8](repeating: 7, count: 1000), in: numbers, for: key)
            }
        }
        #expect(runs > 1)
        let after = try environment.statistics()
        #expect(after.mapSize > before.mapSize)
        #expect(after.usedBytes > 1_000_000 && after.usedBytes <= after.mapSize)
        #expect(after.buckets == 1)
        try environment.view { transaction throws in #expect(try transaction.count(in: numbers) == 1000) }
    }

    @Test func aSwallowedMapFullStillGrows() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open { $0.initialMapSize = 1 }
        try environment.update { transaction in
            for key in UInt64(0)..<100 {
                _ = try? transaction.put([UInt8](repeating: 7, count: 10_000), in: numbers, for: key)
            }
        }
        try environment.view { transaction throws in #expect(try transaction.count(in: numbers) == 100) }
    }

    @Test func theLimitIsAClearErrorAndChangesNothing() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open {
            $0.initialMapSize = 64 << 10
            $0.mapSizeLimit = 256 << 10
        }
        try environment.update { transaction in try transaction.put([1], in: numbers, for: 0) }
        let code = databaseErrorCode {
            try environment.update { transaction in
                for key in UInt64(0)..<1000 {
                    try transaction.put([UInt8](repeating: 7, count: 1000), in: numbers, for: key)
                }
            }
        }
        #expect(code == .mapFull)
        #expect(try environment.statistics().mapSize == 256 << 10)
        try environment.view { transaction throws in
            #expect(try transaction.count(in: numbers) == 1)
            #expect(try transaction.value(in: numbers, for: 0) == [1])
        }
        try environment.update { transaction in try transaction.put([2], in: numbers, for: 1) }
    }

    @Test func aSmallerMapThanTheDataIsRaised() throws {
        let scratch = try LMDBScratch()
        do {
            let environment = try scratch.open()
            try environment.update { transaction in
                try transaction.put([UInt8](repeating: 7, count: 1 << 20), in: numbers, for: 0)
            }
        }
        let environment = try scratch.open { $0.initialMapSize = 1 }
        try environment.view { transaction throws in
            #expect(try transaction.span(in: numbers, for: 0)?.byteCount == 1 << 20)
        }
        try environment.update { transaction in
            try transaction.put([UInt8](repeating: 7, count: 1 << 20), in: numbers, for: 1)
        }
    }

    @Test func tooManyBucketsIsAClearError() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open { $0.maximumBuckets = 1 }
        try environment.update { transaction in try transaction.put([1], in: numbers, for: 0) }
        let second = Bucket<UInt64, UInt64>("second")
        #expect(
            databaseErrorCode { try environment.update { _ = try $0.put(1, in: second, for: 0) } } == .tooManyBuckets)
        try environment.update { transaction in try transaction.put([1], in: numbers, for: 1) }
    }
}
