import BytePath
import Digests
import Glibc
import LMDB
import LinuxSystem
import TestSupport
import Testing

/// One bit of the data file is wrong, anywhere: that is found, or it changes nothing. Runs in a process of its own, so
/// that a crash is seen as one.
@Suite struct LMDBFlipTests {
    private static let numbers = Bucket<UInt64, [UInt8]>("numbers")
    private static let names = Bucket<[UInt8], [UInt8]>("names")
    private static let marks = Bucket<Digest128, Empty>("marks")

    /// Small, but with everything a file has: three levels, values on pages of their own, free pages, several buckets.
    private static func fill(_ directory: BytePath) throws {
        let environment = try Environment(at: directory)
        for round in UInt64(0)..<3 {
            try environment.update { transaction in
                for key in round * 10..<(round * 10 + 60) {
                    try transaction.put([UInt8](repeating: UInt8(key), count: 150), in: numbers, for: key)
                    let name = [UInt8](repeating: UInt8(key), count: 380) + [UInt8(round)]
                    try transaction.put([UInt8(round)], in: names, for: name)
                    try transaction.put(Empty(), in: marks, for: Digest128(hashing: [UInt8(key)]))
                }
                try transaction.put([UInt8](repeating: 7, count: 9000), in: numbers, for: .max - round)
            }
        }
    }

    /// Every record of the file; nil where anything is wrong with it.
    private static func records(_ directory: BytePath) -> Digest128? {
        let hasher = Records()
        guard let problems = try? DatabaseFile.read(directory, { hasher.add($0.bucket, $0.key, $0.value) }) else {
            return nil
        }
        // A name nobody knows is what a check of the whole store finds.
        let known = ["names", "numbers", "marks"].map { Array($0.utf8) }
        return problems.isEmpty && hasher.buckets.isSubset(of: known) ? hasher.digest : nil
    }

    private final class Records {
        private let hasher = XXH3Hasher(.bits128)
        var digest: Digest128 { hasher.digest128 }
        private(set) var buckets: Set<[UInt8]> = []

        func add(_ bucket: [UInt8], _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
            buckets.insert(bucket)
            for bytes in [bucket, Array(key), Array(value)] {
                withUnsafeBytes(of: bytes.count) { hasher.update($0) }
                bytes.withUnsafeBytes { hasher.update($0) }
            }
        }
    }

    /// The same by way of LMDB.
    private static func recordsOfLMDB(_ directory: BytePath) throws -> Digest128 {
        let environment = try Environment(at: directory)
        let hasher = Records()
        try environment.forEachRecord { hasher.add($0.bucket, $0.key, $0.value) }
        return hasher.digest
    }

    /// The same by way of a copy, whose pages are checked.
    private static func recordsOfCopy(_ directory: BytePath) -> Digest128? {
        guard
            let copy = try? Environment(
                copyOf: Descriptor.openDirectory(directory), at: directory, limit: 64 << 20),
            // Names are for who knows them to check.
            let names = try? copy.bucketNames(),
            names.map({ String(decoding: $0, as: UTF8.self) }) == ["marks", "names", "numbers"]
        else { return nil }
        let hasher = Records()
        do { try copy.forEachRecord { hasher.add($0.bucket, $0.key, $0.value) } } catch { return nil }
        return hasher.digest
    }

    @Test func readsWhatLMDBReads() throws {
        let scratch = try LMDBScratch()
        try Self.fill(scratch.path)
        #expect(try Self.records(scratch.path) == Self.recordsOfLMDB(scratch.path))
    }

    @Test func everyFlippedBitIsFoundOrHarmless() async throws {
        try await run(stride: 53)
    }

    @Test(.long) func everyFlippedByteIsFoundOrHarmless() async throws {
        try await run(stride: 1)
    }

    private func run(stride: Int) async throws {
        await #expect(processExitsWith: .success) { [stride = stride as Int] in
            let scratch = try LMDBScratch()
            try Self.fill(scratch.path)
            var generator = SeededGenerator(seed: UInt64(stride))
            let sound = Self.records(scratch.path)
            let original = try scratch.readData()
            guard sound != nil else { exit(10) }
            let file = scratch.path.appending("data.mdb").withCString { open($0, O_WRONLY) }
            var offset = 0
            var found = 0
            while offset < original.count {
                // All of the meta pages and of the page headers, and a part of the rest.
                let isHeader = offset % 4096 < 32 || offset < 152 || (4096..<4248).contains(offset)
                if !isHeader && !Int.random(in: 0..<stride, using: &generator).isMultiple(of: stride) {
                    offset += 1
                    continue
                }
                var byte = original[offset] ^ (1 << UInt8.random(in: 0..<8, using: &generator))
                guard pwrite(file, &byte, 1, off_t(offset)) == 1 else { exit(11) }
                if let records = Self.records(scratch.path) {
                    // What the walk passes, LMDB must be able to read, and it is what was written. Where the number of
                    // the last commit itself is wrong, it may be what the commit before left.
                    let isCommitNumber = (offset % 4096) / 8 == 18 && offset < 8192
                    guard records == sound || isCommitNumber, (try? Self.recordsOfLMDB(scratch.path)) == records else {
                        exit(12)
                    }
                } else {
                    found += 1
                    // Opening may refuse it or not, but must survive it.
                    _ = try? Environment(at: scratch.path)
                }
                let isCommitNumber = (offset % 4096) / 8 == 18 && offset < 8192
                if let records = Self.recordsOfCopy(scratch.path), records != sound, !isCommitNumber { exit(15) }
                byte = original[offset]
                guard pwrite(file, &byte, 1, off_t(offset)) == 1 else { exit(13) }
                offset += 1
            }
            guard found > 100 else { exit(14) }
        }
    }
}
