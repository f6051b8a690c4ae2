import BytePath
import LMDB
import Testing

/// Records of the format before are read as today's, and become so in one update.
@Suite("LMDB: formats")
struct LMDBFormatTests {
    private static let texts = Bucket<UInt64, [UInt8]>("texts")
    private static let plain = Bucket<UInt64, [UInt8]>("plain")
    private static let mark = Bucket<UInt64, [UInt8]>("format")

    /// The texts of the format before lack the 9 in front, and cannot be translated where they begin with a 7.
    private static let rule = FormatRule(
        isFormer: { (transaction) throws(DatabaseError) in try transaction.value(in: mark, for: 0) == nil },
        mark: { (transaction) throws(DatabaseError) in try transaction.put([2], in: mark, for: 0) },
        translate: { (bucket, value) throws(DecodingFailure) in
            guard bucket.elementsEqual("texts".utf8) else { return nil }
            if value.first == 7 { throw DecodingFailure("seven") }
            return [9] + value
        })

    private static func text(_ number: UInt64) -> [UInt8] {
        Array(repeating: UInt8(truncatingIfNeeded: number % 7), count: Int(number % 90))
    }

    private func fill(_ scratch: borrowing LMDBScratch, count: UInt64 = 500) throws {
        let environment = try scratch.open()
        try environment.update { transaction throws in
            for number in 0..<count {
                try transaction.put(Self.text(number), in: Self.texts, for: number)
                try transaction.put(Self.text(number), in: Self.plain, for: number)
            }
        }
    }

    private func check(_ environment: Environment, count: UInt64 = 500) throws {
        try environment.view { transaction throws in
            var cursor = try transaction.cursor(in: Self.texts)
            var seen: UInt64 = 0
            while let (key, value) = try cursor.next() {
                #expect(value == [9] + Self.text(key))
                seen += 1
            }
            #expect(seen == count)
            for number in [0, 1, 89, count - 1] as [UInt64] {
                guard let first = try transaction.span(in: Self.texts, for: number) else {
                    Issue.record("no text \(number)")
                    return
                }
                // One that stays while others are read.
                for other in 0..<count { _ = try transaction.value(in: Self.texts, for: other) }
                #expect(first.withUnsafeBytes { Array($0) } == [9] + Self.text(number))
                #expect(try transaction.value(in: Self.plain, for: number) == Self.text(number))
            }
        }
    }

    private func code(_ environment: Environment) -> DatabaseError.Code? {
        databaseErrorCode {
            _ = try environment.update { transaction throws in
                try transaction.put([1], in: Self.texts, for: 1)
            }
        }
    }

    @Test func formerRecordsAreReadAsTodays() throws {
        let scratch = try LMDBScratch()
        try fill(scratch)
        let before = try scratch.readData()
        for isReadOnly in [true, false] {
            let environment = try scratch.open {
                $0.format = Self.rule
                $0.readOnly = isReadOnly
            }
            #expect(try environment.isOfFormerFormat)
            try check(environment)
            #expect(code(environment) == (isReadOnly ? .readOnly : .formerFormat))
        }
        #expect(try scratch.readData() == before)
    }

    @Test func takingOverChangesEveryRecordOnce() throws {
        let scratch = try LMDBScratch()
        try fill(scratch)
        do {
            let environment = try scratch.open { $0.format = Self.rule }
            #expect(try environment.takeOver())
            #expect(try !environment.isOfFormerFormat)
            #expect(try !environment.takeOver())
            try check(environment)
            #expect(code(environment) == nil)
        }
        let plain = try scratch.open()
        let first = try plain.view { transaction throws in try transaction.value(in: Self.texts, for: 2) }
        #expect(first == [9] + Self.text(2))
    }

    @Test func aNewEnvironmentIsOfTodaysFormat() throws {
        let scratch = try LMDBScratch()
        let environment = try scratch.open { $0.format = Self.rule }
        #expect(try !environment.isOfFormerFormat)
        #expect(code(environment) == nil)
        let found = try environment.view { transaction throws in
            (
                try transaction.value(in: Self.mark, for: 0), try transaction.value(in: Self.texts, for: 1),
                try environment.isOfFormerFormat
            )
        }
        #expect(found.0 == [2] && found.1 == [1] && !found.2)
    }

    private static func takeOver(_ path: BytePath) throws {
        var options = EnvironmentOptions()
        options.format = rule
        guard try Environment(at: path, options: options).takeOver() else { throw DecodingFailure("nothing to do") }
    }

    /// A reader that was there before sees the records change with the number.
    @Test func aReaderGoesAlong() async throws {
        let scratch = try LMDBScratch()
        try fill(scratch)
        let reader = try scratch.open {
            $0.format = Self.rule
            $0.readOnly = true
        }
        try check(reader)
        await #expect(processExitsWith: .success) { [path = scratch.path.display as String] in
            try Self.takeOver(BytePath(path))
        }
        try check(reader)
        #expect(try !reader.isOfFormerFormat)
    }

    @Test func damagedRecordsStayDamaged() throws {
        let scratch = try LMDBScratch()
        try fill(scratch, count: 60)
        do {
            let environment = try scratch.open()
            try environment.update { transaction throws in
                try transaction.put([7, 7], in: Self.texts, for: 1000)
                try transaction.put(Array("damaged".utf8), in: Self.texts, for: 1001)
            }
        }
        var data = try scratch.readData()
        var flipped = 0
        for offset in 0..<(data.count - 7) where data[offset..<(offset + 7)].elementsEqual("damaged".utf8) {
            data[offset] ^= 1
            flipped += 1
        }
        try #require(flipped > 0)
        try scratch.writeData(data)
        let environment = try scratch.open { $0.format = Self.rule }
        func look(_ number: UInt64) -> DatabaseError.Code? {
            databaseErrorCode {
                _ = try environment.view { transaction throws in try transaction.value(in: Self.texts, for: number) }
            }
        }
        #expect(look(1000) == .recordDamaged && look(1001) == .recordDamaged)
        #expect(try environment.takeOver())
        #expect(look(1001) == .recordDamaged)
        // With a version that nothing has, which is for whoever decodes it.
        let left = try environment.view { transaction throws in try transaction.value(in: Self.texts, for: 1000) }
        #expect(left == [0, 7, 7])
        #expect(look(59) == nil)
    }
}
