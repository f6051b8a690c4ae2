import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Databases that their owner, or a bad disk, spoilt: whoever looks at them is told, or gets the answer that was right.
@Suite(.needsRoot) struct FlippedDatabaseTests {
    /// One way to spoil the bytes of a data file. Its pages have 4096 bytes; the first two are the meta pages.
    private enum Damage: CaseIterable {
        case bits, bytes, metaPage, pageHeader, zeroPage, noisePage, copiedPage, truncated, grown
        /// Page numbers, lengths, flags and counts in what the walk of a tree believes.
        case ownChild, hugeNumber, nodeFlags, nodeOffset, treeRecord

        func apply(to bytes: inout [UInt8], _ random: inout SeededGenerator) {
            let pageSize = 4096
            func page() -> Int { Int.random(in: 2..<(bytes.count / pageSize), using: &random) * pageSize }
            func anywhere() -> Int { Int.random(in: 0..<bytes.count, using: &random) }
            func fill(_ range: Range<Int>, _ value: UInt8?) {
                for place in range { bytes[place] = value ?? UInt8.random(in: 0...255, using: &random) }
            }
            func put(_ value: UInt64, _ place: Int, _ count: Int = 8) {
                for index in 0..<count where place + index < bytes.count {
                    bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
                }
            }
            let huge: [UInt64] = [.max, .max >> 1, 1 << 32, 1 << 52, 0xffff, 0, 1]
            switch self {
            case .bits:
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    bytes[anywhere()] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                }
            case .bytes:
                for _ in 0..<Int.random(in: 1...200, using: &random) {
                    bytes[anywhere()] = UInt8.random(in: 0...255, using: &random)
                }
            case .metaPage:
                let place =
                    Int.random(in: 0...1, using: &random) * pageSize + 16 + 8 * Int.random(in: 0..<17, using: &random)
                put(huge.randomElement(using: &random) ?? 0, place)
            case .pageHeader:
                put(huge.randomElement(using: &random) ?? 0, page() + 8 * Int.random(in: 0...1, using: &random))
            case .zeroPage: let start = page(); fill(start..<(start + pageSize), 0)
            case .noisePage: let start = page(); fill(start..<(start + pageSize), nil)
            case .copiedPage:
                let (from, to) = (page(), page())
                bytes.replaceSubrange(to..<(to + pageSize), with: Array(bytes[from..<(from + pageSize)]))
            case .truncated: bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
            case .grown: bytes += Array(repeating: 0xff, count: Int.random(in: 1...100_000, using: &random))
            case .ownChild:
                for _ in 0..<20 {
                    let start = page()
                    put(UInt64(start / pageSize), start + Int.random(in: 16..<4088, using: &random), 6)
                }
            case .hugeNumber:
                for _ in 0..<20 {
                    put(huge.randomElement(using: &random) ?? 0, page() + Int.random(in: 2..<511, using: &random) * 8)
                }
            case .nodeFlags, .nodeOffset:
                for _ in 0..<20 {
                    let start = page()
                    let place = Int(bytes[start + 16]) | Int(bytes[start + 17]) << 8
                    guard place >= 16, place < pageSize - 8 else { continue }
                    if self == .nodeFlags {
                        bytes[start + place + 4] = UInt8.random(in: 0...7, using: &random)
                    } else {
                        put(UInt64.random(in: 0...4096, using: &random), start + 16, 2)
                    }
                }
            case .treeRecord:
                // The records of buckets end in the number of their first page.
                for start in stride(from: 2 * pageSize, to: bytes.count - 48, by: 2)
                where random.next().isMultiple(of: 400) {
                    put(huge.randomElement(using: &random) ?? 0, start)
                }
            }
        }
    }

    private struct Answer {
        let question: [BytePath]
        let text: String
    }

    /// What needs no time of its own.
    private static let questions = UserRoot.questions.filter { $0 != ["fsck", "--full", "--budget", "5s"] }

    private func run(count: Int, questionsEach: Int) throws {
        var random = SeededGenerator.forTest()
        try withScratchDirectory { scratch in
            let root = try UserRoot(in: scratch)
            let answers = try Self.questions.map { question in
                let result = try root.asRoot(question)
                guard result.end == .exited(0) else { throw CommandRoot.Failure(description: result.errorText) }
                return Answer(question: question, text: result.outputText)
            }
            let data = root.moss.appending("db/data.mdb")
            let sound = try Descriptor.open(data).readAll()
            let before = try TreeListing(of: root.root)
            var refused = 0
            for round in 0..<count {
                var bytes = sound
                let damage = Damage.allCases[round % Damage.allCases.count]
                damage.apply(to: &bytes, &random)
                try write(bytes, to: data)
                for answer in answers.shuffled(using: &random).prefix(questionsEach) {
                    let result = try limited(root, answer.question)
                    let label = "round \(round), \(damage), \(answer.question.map(\.display))"
                    guard case .exited(let code) = result.end, code < 128 else {
                        Issue.record("\(label): \(result.end) \(result.errorText.suffix(500))")
                        continue
                    }
                    if code != 0 {
                        refused += 1
                        #expect(!result.errorText.isEmpty || !result.outputText.isEmpty, "\(label)")
                    } else if !isTimed(answer.question) {
                        let isRight = result.outputText == answer.text || !result.errorText.isEmpty
                        #expect(isRight, "\(label): \(result.outputText)\nand not: \(answer.text)")
                    }
                }
            }
            #expect(refused > count / 4, "hardly anything was damaged")
            try write(sound, to: data)
            #expect(try TreeListing(of: root.root) == before)
        }
    }

    /// Whose output names a time or a number of bytes read.
    private func isTimed(_ question: [BytePath]) -> Bool {
        question[0] == "fsck" || question[0] == "state" && question[1] == "verify"
    }

    /// With a bound on time and on memory besides what is mapped.
    private func limited(_ root: UserRoot, _ question: [BytePath]) throws -> CommandResult {
        var command = Command(
            "bash",
            ["-c", "ulimit -d 1500000; exec \"$@\"", "bash", try BuiltProduct.moss.path, "-D", root.root] + question)
        command.environment = CommandRoot.environment
        command.timeoutSeconds = 60
        return try command.run()
    }

    private func write(_ bytes: [UInt8], to path: BytePath) throws {
        // In place: the file stays its owner's.
        let file = try Descriptor.open(path, [.write, .truncate])
        try file.write(bytes)
    }

    @Test func noneIsBelieved() throws {
        try run(count: 28, questionsEach: 6)
    }

    @Test(.long) func noneOfManyIsBelieved() throws {
        try run(count: 420, questionsEach: 24)
    }
}
