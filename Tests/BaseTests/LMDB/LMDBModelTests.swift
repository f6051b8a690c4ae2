import LMDB
import TestSupport
import Testing

/// Random operations against a sorted array of records.
@Suite struct LMDBModelTests {
    struct Abandoned: Error {}

    let bucket = Bucket<[UInt8], [UInt8]>("model")

    @Test(arguments: [UInt64.random(in: 0...UInt64.max), 1, 2])
    func agreesWithAnArray(seed: UInt64) throws {
        let scratch = try LMDBScratch()
        var random = SeededGenerator(seed: seed)
        var model: [[UInt8]: [UInt8]] = [:]
        for session in 0..<3 {
            // Leaving the scope closes the environment.
            let environment = try scratch.open { $0.initialMapSize = 64 << 10 }
            for round in 0..<20 {
                try step(environment, &model, &random)
                try compare(environment, model, &random, "seed \(seed), session \(session), round \(round)")
                try environment.checkStructure()
            }
        }
    }

    private func randomKey(_ random: inout SeededGenerator) -> [UInt8] {
        let count = Int.random(in: 1...(Int.random(in: 0..<20, using: &random) == 0 ? 511 : 3), using: &random)
        return (0..<count).map { _ in [0, 1, 0x7f, 0xfe, 0xff].randomElement(using: &random) ?? 0 }
    }

    private func step(
        _ environment: Environment, _ model: inout [[UInt8]: [UInt8]], _ random: inout SeededGenerator
    ) throws {
        let start = model
        let startRandom = random
        let abandon = Int.random(in: 0..<5, using: &random) == 0
        var result = (model, random)
        do {
            try environment.update { transaction throws in
                // The closure may run again on a larger map: everything is rebuilt from the start values.
                var (model, random) = (start, startRandom)
                for _ in 0..<Int.random(in: 1...60, using: &random) {
                    let key = randomKey(&random)
                    let sizeMax = Int.random(in: 0..<10, using: &random) == 0 ? 9000 : 60
                    let size = Int.random(in: 0...sizeMax, using: &random)
                    let value = [UInt8](repeating: UInt8(truncatingIfNeeded: size), count: size)
                    switch Int.random(in: 0..<12, using: &random) {
                    case 0...4:
                        try transaction.put(value, in: bucket, for: key)
                        model[key] = value
                    case 5:
                        #expect(
                            try transaction.put(value, in: bucket, for: key, .keepingExisting) == (model[key] == nil))
                        if model[key] == nil { model[key] = value }
                    case 6:
                        try transaction.put(value, in: bucket, for: key, .appending)
                        model[key] = value
                    case 7...9:
                        #expect(try transaction.remove(key, in: bucket) == (model.removeValue(forKey: key) != nil))
                    case 10:
                        let prefix = Array(key.prefix(2))
                        let doomed = model.keys.filter { $0.starts(with: prefix) }
                        #expect(try transaction.removeAll(in: bucket, .prefix(prefix)) == doomed.count)
                        for key in doomed { model[key] = nil }
                    default:
                        if Int.random(in: 0..<20, using: &random) == 0 {
                            try transaction.clear(bucket)
                            model = [:]
                        }
                    }
                    #expect(try transaction.value(in: bucket, for: key) == model[key])
                }
                result = (model, random)
                if abandon { throw Abandoned() }
            }
            model = result.0
        } catch is Abandoned {}
        random = result.1
    }

    private func compare(
        _ environment: Environment, _ model: [[UInt8]: [UInt8]], _ random: inout SeededGenerator, _ place: Comment
    ) throws {
        let sorted = model.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        let lower = randomKey(&random)
        let upper = randomKey(&random)
        let prefix = Array(randomKey(&random).prefix(2))
        let ranges: [(KeyRange<[UInt8]>, ([UInt8]) -> Bool)] = [
            (.all, { _ in true }),
            (.from(lower), { !$0.lexicographicallyPrecedes(lower) }),
            (.through(upper), { !upper.lexicographicallyPrecedes($0) }),
            (.prefix(prefix), { $0.starts(with: prefix) }),
            (
                .prefix(prefix).from(lower).through(upper),
                {
                    $0.starts(with: prefix) && !$0.lexicographicallyPrecedes(lower)
                        && !upper.lexicographicallyPrecedes($0)
                }
            ),
        ]
        try environment.view { transaction throws in
            #expect(try transaction.count(in: bucket) == model.count, place)
            for (range, belongs) in ranges {
                let expected = sorted.filter { belongs($0.key) }
                for order in [KeyOrder.ascending, .descending] {
                    var cursor = try transaction.cursor(in: bucket, range, order: order)
                    var keys: [[UInt8]] = []
                    while let (key, value) = try cursor.next() {
                        keys.append(key)
                        #expect(value == model[key], place)
                    }
                    let wanted = expected.map(\.key)
                    #expect(keys == (order == .ascending ? wanted : wanted.reversed()), place)
                }
                #expect(try transaction.first(in: bucket, range)?.key == expected.first?.key, place)
                #expect(try transaction.last(in: bucket, range)?.key == expected.last?.key, place)
            }
        }
    }
}
