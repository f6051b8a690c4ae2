import BytePath
import Digests
import LMDB
import Testing

@Suite struct LMDBBucketTests {
    let numbers = Bucket<UInt64, [UInt8]>("numbers")
    let names = Bucket<[UInt8], UInt64>("names")
    let owners = Bucket<KeyPair<UInt32, KeyPair<TerminatedPath, UInt32>>, Empty>("owners")
    let paths = Bucket<BytePath, Digest128>("paths")

    @Test func readsBackWhatWasPut() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        let digest = Digest128(hashing: [1, 2, 3])
        let sha = Bucket<SHA256Digest, Digest128>("sha")
        let package = [UInt8]("x".utf8).withUnsafeBytes { SHA256Digest(hashing: $0) }
        try environment.update { transaction throws in
            try transaction.put([7, 8], in: numbers, for: 1)
            try transaction.put([], in: numbers, for: 2)
            try transaction.put(digest, in: sha, for: package)
            #expect(try transaction.value(in: numbers, for: 1) == [7, 8])
        }
        try environment.view { transaction throws in
            #expect(try transaction.value(in: numbers, for: 1) == [7, 8])
            #expect(try transaction.value(in: numbers, for: 2) == [])
            #expect(try transaction.value(in: numbers, for: 3) == nil)
            #expect(try transaction.value(in: sha, for: package) == digest)
            #expect(try transaction.first(in: sha)?.key == package)
            #expect(try transaction.contains(2, in: numbers))
            #expect(try !transaction.contains(3, in: numbers))
            let span = try transaction.span(in: numbers, for: 1)
            #expect(span?.byteCount == 2)
            #expect(try transaction.count(in: numbers) == 2)
        }
    }

    @Test func bucketsThatDoNotExistReadAsEmpty() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        try environment.view { transaction throws in
            #expect(try transaction.value(in: numbers, for: 1) == nil)
            #expect(try transaction.first(in: numbers) == nil)
            #expect(try transaction.last(in: numbers) == nil)
            #expect(try transaction.count(in: numbers) == 0)
        }
        try environment.update { transaction throws in
            #expect(try !transaction.remove(1, in: numbers))
            #expect(try transaction.removeAll(in: numbers, .all) == 0)
            try transaction.clear(numbers)
        }
        #expect(try environment.bucketNames().isEmpty)
    }

    @Test func numbersIterateInNumericalOrder() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        let keys: [UInt64] = [0, 1, 255, 256, 65535, 65536, 1 << 40, UInt64.max]
        try environment.update { transaction throws in
            for key in keys.shuffled() { try transaction.put([1], in: numbers, for: key) }
        }
        #expect(try visit(environment, .all) == keys)
        #expect(try visit(environment, .all, .descending) == keys.reversed())
        #expect(try visit(environment, .from(256)) == Array(keys[3...]))
        #expect(try visit(environment, .from(257)) == Array(keys[4...]))
        #expect(try visit(environment, .through(256), .descending) == keys[...3].reversed())
        #expect(try visit(environment, .through(300), .descending) == keys[...3].reversed())
        #expect(try visit(environment, .from(1).through(65535)) == Array(keys[1...4]))
        #expect(try visit(environment, .from(1).through(65535), .descending) == keys[1...4].reversed())
        #expect(try visit(environment, .from(300).through(200)) == [])
        #expect(try visit(environment, .from(300).through(200), .descending) == [])
    }

    private func visit(
        _ environment: Environment, _ range: KeyRange<UInt64>, _ order: KeyOrder = .ascending
    ) throws -> [UInt64] {
        try environment.view { transaction throws in
            var cursor = try transaction.cursor(in: numbers, range, order: order)
            var keys: [UInt64] = []
            while let (key, _) = try cursor.next() { keys.append(key) }
            #expect(try cursor.nextKey() == nil, "a cursor stays at the end")
            return keys
        }
    }

    @Test func nestsByPrefix() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        let path = { (text: String) in TerminatedPath(BytePath(text)) }
        try environment.update { transaction throws in
            for owner in [UInt32(1), 2, .max] {
                for text in ["a", "a/b", "ab"] {
                    for number in [UInt32(1), 2] {
                        try transaction.put(
                            Empty(), in: owners, for: KeyPair(owner, KeyPair(path(text), number)))
                    }
                }
            }
        }
        try environment.view { transaction throws in
            #expect(try transaction.count(in: owners, .prefix(1)) == 6)
            #expect(try transaction.count(in: owners, .prefix(.max)) == 6)
            #expect(try transaction.count(in: owners, .prefix(3)) == 0)
            #expect(try transaction.count(in: owners, .prefix(2, path("a"))) == 2)
            let last = try transaction.last(in: owners, .prefix(.max))
            #expect(last?.key == KeyPair(.max, KeyPair(path("ab"), 2)))
            let first = try transaction.last(in: owners, .prefix(1, path("a")))
            #expect(first?.key == KeyPair(1, KeyPair(path("a"), 2)))
        }
        let removed = try environment.update { transaction throws in try transaction.removeAll(in: owners, .prefix(2)) }
        #expect(removed == 6)
        try environment.view { transaction throws in
            #expect(try transaction.count(in: owners) == 12)
            #expect(try transaction.count(in: owners, .prefix(2)) == 0)
        }
    }

    @Test func pathPrefixes() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        try environment.update { transaction throws in
            for text in ["usr/bin", "usr/bin/ls", "usr/bin/cat", "usr/binx", "usr/lib"] {
                try transaction.put(Digest128.ofNothing, in: paths, for: BytePath(text))
            }
        }
        try environment.view { transaction throws in
            #expect(try transaction.count(in: paths, .prefix(BytePath("usr/bin/"))) == 2)
            #expect(try transaction.count(in: paths, .prefix(BytePath("usr/bin"))) == 4)
            #expect(try transaction.first(in: paths, .prefix(BytePath("usr/bin/")))?.key == "usr/bin/cat")
        }
    }

    @Test func putModes() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        try environment.update { transaction throws in
            #expect(try transaction.put([1], in: numbers, for: 5))
            #expect(try !transaction.put([2], in: numbers, for: 5, .keepingExisting))
            #expect(try transaction.value(in: numbers, for: 5) == [1])
            #expect(try transaction.put([3], in: numbers, for: 6, .appending))
            #expect(try transaction.put([4], in: numbers, for: 2, .appending))
            #expect(try transaction.put([5], in: numbers, for: 6, .appending))
            #expect(try transaction.put([6], in: numbers, for: 3, .keepingExisting))
        }
        #expect(try visit(environment, .all) == [2, 3, 5, 6])
        try environment.view { transaction throws in #expect(try transaction.value(in: numbers, for: 6) == [5]) }
    }

    @Test func removesAndClears() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        try environment.update { transaction throws in
            for key in UInt64(0)..<1000 { try transaction.put([0], in: numbers, for: key) }
            #expect(try transaction.remove(500, in: numbers))
            #expect(try !transaction.remove(500, in: numbers))
            #expect(try transaction.removeAll(in: numbers, .from(10).through(989)) == 979)
        }
        #expect(try visit(environment, .all) == Array(0..<10) + Array(990..<1000))
        try environment.update { transaction throws in try transaction.clear(numbers) }
        #expect(try visit(environment, .all) == [])
    }

    @Test func refusesKeysThatDoNotFit() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        let longest = [UInt8](repeating: 1, count: 511)
        try environment.update { transaction throws in
            try transaction.put(1, in: names, for: longest)
            #expect(try transaction.value(in: names, for: longest) == 1)
        }
        let tooLong = longest + [1]
        #expect(
            databaseErrorCode { try environment.update { _ = try $0.put(1, in: names, for: tooLong) } } == .invalidKey)
        #expect(databaseErrorCode { try environment.update { _ = try $0.put(1, in: names, for: []) } } == .invalidKey)
        #expect(
            databaseErrorCode { try environment.view { _ = try $0.value(in: names, for: tooLong) } } == .invalidKey)
        #expect(
            databaseErrorCode {
                try environment.view { _ = try $0.count(in: names, .prefix(tooLong)) }
            } == .invalidKey)
    }

    @Test func rawBytesAndBucketsWithoutChecksums() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open()
        let plain = Bucket<UInt32, [UInt8]>("plain", checksums: false)
        let bytes: [UInt8] = [9, 8, 7]
        try environment.update { transaction throws in
            try transaction.put(bytes: bytes.span.bytes, in: plain, for: 1)
            try bytes.withUnsafeBytes { _ = try transaction.put(bytes: $0, in: numbers, for: 1) }
        }
        try environment.view { transaction throws in
            #expect(try transaction.value(in: plain, for: 1) == bytes)
            #expect(try transaction.value(in: numbers, for: 1) == bytes)
            var cursor = try transaction.cursor(in: plain)
            #expect(try cursor.advance())
            #expect(cursor.keyBytes.byteCount == 4)
            #expect(try cursor.valueBytes().byteCount == 3)
            #expect(try transaction.statistics(of: plain).records == 1)
        }
        #expect(try environment.bucketNames() == [Array("numbers".utf8), Array("plain".utf8)])
    }
}
