import BytePath
import Digests
import FileTree
import PackageModel
import TestSupport
import Testing
import ViewImage

/// An image is refused, or serving it stays inside of it; the memory behind it cannot be read.
@Suite("Damaged images")
struct DamagedImageTests {
    private let whole: [UInt8]
    private let memory: GuardedMemory

    init() throws {
        let tree = try FlattenedTree([
            .init(
                name: "first",
                entries: (0..<12).map { file("bin/tool\($0)", "\($0 % 5)") } + [
                    link("lib64", "lib"), file("lib/a", "a"),
                ]),
            .init(
                name: "second", entries: [file("share/doc/copyright", "1"), directory("empty/below"), link("x", "y")]),
        ])
        whole = tree.bytes
        memory = try GuardedMemory(capacity: whole.count)
    }

    // Offsets of the format, see ViewImage.
    private static let header = 128
    private static let node = 64
    private static let entry = 16

    private func number(_ offset: Int) -> Int {
        whole[offset..<(offset + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    private var nodeCount: Int { number(8) }
    private var entryCount: Int { number(16) }
    private var ownerCount: Int { number(24) }
    private var textBytes: Int { number(32) }
    private var entriesStart: Int { Self.header + nodeCount * Self.node }
    private var ownersStart: Int { entriesStart + entryCount * Self.entry }
    private var textStart: Int { ownersStart + ownerCount * 8 }

    /// Whether the bytes are taken for an image. Everything it can be asked is then asked.
    @discardableResult
    private func isServed(_ bytes: [UInt8]) throws -> Bool {
        let held = memory.hold(bytes)
        guard let image = try? ViewImage(held) else { return false }
        let end = UInt(bitPattern: held.baseAddress) + UInt(held.count)
        func check(_ text: UnsafePointer<CChar>) {
            var length: UInt = 0
            while text[Int(length)] != 0 { length += 1 }
            #expect(UInt(bitPattern: text) + length < end)
        }
        check(image.shown)
        for row in 0..<image.nodeCount {
            let node = image.nodes[row]
            #expect(Int(node.parent) < image.nodeCount)
            #expect(image.nodes[Int(node.parent)].isDirectory)
            check(image.packages(of: node))
            check(image.versions(of: node))
            if node.isSymlink { check(image.target(of: node)) }
            for name in ["bin", "tool3", "", "\u{7f}"] { name.withCString { _ = image.child(of: row, $0) } }
            guard node.isDirectory else { continue }
            for position in 0..<Int(node.count) {
                let child = image.child(of: node, at: position)
                check(child.name)
                #expect(child.node < image.nodeCount)
                #expect(image.child(of: row, child.name).map { $0 < image.nodeCount } ?? true)
            }
        }
        // No directory is below itself, and none is there twice.
        let rows = try #require(image.rows(), "a walk must end")
        let directories = rows.values.filter { image.nodes[$0].isDirectory }
        #expect(directories.count == Set(directories).count)
        return true
    }

    @Test func theWholeOneIsServed() throws {
        #expect(try isServed(whole))
    }

    @Test func everyByteOfTheHeader() throws {
        for offset in 0..<Self.header {
            for change: UInt8 in [1, 0x80, 0xff] {
                var bytes = whole
                bytes[offset] ^= change
                let served = try isServed(bytes)
                // What is shown, the time, the sum and the reserved words say nothing of where things are.
                if offset < 40 { #expect(!served, "byte \(offset) ^ \(change)") }
            }
        }
    }

    @Test func everyTruncation() throws {
        for count in 0..<whole.count { #expect(try !isServed(Array(whole[..<count])), "\(count) bytes") }
        #expect(try !isServed(Array(whole.dropFirst(8))))
        #expect(throws: ViewImage.Damaged.self) { try ViewImage(UnsafeRawBufferPointer(start: nil, count: 0)) }
    }

    @Test func countsWithoutTheirBytes() throws {
        let huge: [UInt64] = [0, 1, UInt64(UInt32.max) - 1, UInt64(UInt32.max), 1 << 58, 1 << 63, .max]
        for offset in [8, 16, 24, 32] {
            for value in huge {
                var bytes = whole
                bytes.replaceSubrange(
                    offset..<(offset + 8), with: withUnsafeBytes(of: value.littleEndian) { Array($0) })
                #expect(try !isServed(bytes), "\(value) at \(offset)")
            }
        }
    }

    @Test func everyFieldWithEveryInterestingValue() throws {
        let fields = stride(from: Self.header, to: textStart, by: 4)
        let counts = [nodeCount, entryCount, ownerCount, textBytes].map { UInt32($0) }
        let values = [0, 1, 2, .max, 1 << 31, 0o040755, 0o100644, 0o120777] + counts + counts.map { $0 - 1 }
        var served = 0
        for field in fields {
            for value in values {
                var bytes = whole
                bytes.replaceSubrange(field..<(field + 4), with: withUnsafeBytes(of: value.littleEndian) { Array($0) })
                if try isServed(bytes) { served += 1 }
            }
        }
        // Owners' numbers, sizes of files and the like are data: the test would show nothing were all refused.
        #expect(served > 0)
    }

    @Test func randomDamage() throws {
        var random = SeededGenerator.forTest()
        for _ in 0..<20_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: Self.header..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            try isServed(bytes)
        }
    }

    @Test func aDirectoryBelowItselfIsRefused() throws {
        // Every entry in turn leads to the root, and to each directory.
        for entry in 0..<entryCount {
            let place = entriesStart + entry * Self.entry + 8
            for target in 0..<nodeCount {
                var bytes = whole
                bytes[place] = UInt8(target)
                try isServed(bytes)
            }
        }
    }
}
