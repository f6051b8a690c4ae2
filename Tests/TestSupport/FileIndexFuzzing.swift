import BytePath
import Digests
import FileIndex
import Zstandard

/// What must hold of any bytes that are read as a file index; shared by the fuzzer and the replay of its corpus.
///
/// A violation traps, as libFuzzer wants it.
package enum FileIndexFuzzing {
    package static func check(_ bytes: [UInt8]) {
        for bytes in [bytes, repaired(bytes), assembled(bytes)] {
            guard let index = try? FileIndex(bytes) else { continue }
            for pattern: BytePath in ["a", "*", "usr/**", "[a-m]*/?"] {
                _ = try? index.files(matching: FilePattern(pattern), limit: 100)
            }
            _ = try? index.files(at: "bin/a")
            guard let files = try? index.all() else { continue }
            checkAnswers(index, files)
            checkAgain(index, files)
        }
    }

    /// Every question has the answer that a look at all files gives.
    private static func checkAnswers(_ index: FileIndex, _ files: [FileIndex.File]) {
        precondition(UInt64(files.count) == index.entryCount, "there are other files than the header counts")
        for file in files.prefix(3) + files.suffix(3) {
            guard let found = try? index.files(at: file.path) else { preconditionFailure("a file cannot be looked up") }
            precondition(found == files.filter { $0.path == file.path }, "a look-up finds something else")
        }
        guard let found = try? index.files(matching: FilePattern("")) else { preconditionFailure("no search") }
        precondition(found.files == files && found.isComplete, "a search for everything finds something else")
    }

    /// What was read can be written, and is then the same.
    private static func checkAgain(_ index: FileIndex, _ files: [FileIndex.File]) {
        let numbers = Dictionary(uniqueKeysWithValues: index.packages.enumerated().map { (Array($1.utf8), $0) })
        guard var writer = try? FileIndexWriter(index: index.index, packages: index.packages, level: 1) else {
            preconditionFailure("packages that were read cannot be written")
        }
        for file in files {
            guard let number = numbers[Array(file.package.utf8)],
                (try? writer.add(file.path.bytes, file.kind, package: number)) != nil
            else { preconditionFailure("a file that was read cannot be written") }
        }
        guard let again = try? FileIndex(writer.encode()) else { preconditionFailure("what was written is not read") }
        guard let rest = try? again.all() else { preconditionFailure("what was written is damaged") }
        precondition(again.packages.elementsEqual(index.packages) && again.index == index.index && rest == files)
    }

    // MARK: Input

    private static let headerSize = 92

    /// `bytes` with the checksums of header and tables put right: no mutation gets past XXH3 by chance.
    private static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count >= headerSize else { return bytes }
        let size = { (offset: Int) in bytes[offset..<(offset + 4)].reduce(0) { $0 << 8 | Int($1) } }
        let end = headerSize + size(28) + size(36)
        guard end <= bytes.count else { return bytes }
        var repaired = bytes
        repaired.replaceSubrange(76..<84, with: checksum(bytes[headerSize..<end]))
        repaired.replaceSubrange(84..<92, with: checksum(repaired[..<84]))
        return repaired
    }

    /// A file index whose one, two or three blocks are parts of `bytes`, so that a fuzzer gets past the compression:
    /// of each part the number of entries, then the plain block.
    package static func assembled(_ bytes: [UInt8]) -> [UInt8] {
        let names = Array("a\0b\0c\0".utf8)
        var (directory, blocks, entryCount) = ([UInt8](), [UInt8](), 0)
        let blockCount = Int(bytes.first ?? 0) % 3 + 1
        let size = max(1, bytes.count / blockCount)
        for number in 0..<blockCount {
            let part = bytes.dropFirst(1 + number * size).prefix(number == blockCount - 1 ? bytes.count : size)
            let plain = Array(part.dropFirst())
            let stored = compressed(plain)
            let path = firstPath(plain)
            entryCount += Int(part.first ?? 0) + 1
            for part in [[0], varint(path.count), path, varint(Int(part.first ?? 0) + 1), varint(stored.count)] {
                directory += part
            }
            directory += varint(plain.count) + checksum(stored[...])
            blocks += stored
        }
        let (storedNames, storedDirectory) = (compressed(names), compressed(directory))
        var header = [0] + Array("mossfls".utf8) + number(1) + number(3) + number(0) + number(entryCount)
        for size in [blockCount, storedNames.count, names.count, storedDirectory.count, directory.count] {
            header += number(size)
        }
        return repaired(header + [UInt8](repeating: 7, count: 48) + storedNames + storedDirectory + blocks)
    }

    /// What a plain block begins with, as far as it can be told.
    private static func firstPath(_ plain: [UInt8]) -> [UInt8] {
        let size = { (offset: Int) in plain.dropFirst(offset).prefix(4).reduce(0) { $0 << 8 | Int($1) } }
        let count = Int(plain.dropFirst(12 + size(0)).first ?? 0) >> 2
        return Array(plain.dropFirst(12 + size(0) + size(4) + size(8)).prefix(count))
    }

    private static func compressed(_ bytes: [UInt8]) -> [UInt8] {
        guard var compressor = try? Compressor(Compressor.Parameters(level: 1)),
            let frame = try? compressor.compress(bytes)
        else { preconditionFailure("zstd refuses \(bytes.count) bytes") }
        return frame
    }

    private static func number(_ number: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static func varint(_ number: Int) -> [UInt8] {
        number < 0x80 ? [UInt8(number)] : [UInt8(number & 0x7f) | 0x80] + varint(number >> 7)
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let digest = Array(bytes).withUnsafeBytes { xxh3Digest64($0) }
        return withUnsafeBytes(of: digest.bigEndian) { Array($0) }
    }
}
