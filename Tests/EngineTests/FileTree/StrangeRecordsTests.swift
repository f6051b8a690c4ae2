import BytePath
import Digests
import FileTree
import PackageModel
import Testing

/// Encoded trees and layouts that somebody made to do harm.
@Suite struct StrangeRecordsTests {
    private func record(
        _ name: [UInt8], kind: UInt8 = 1, mode: UInt32 = 0o644, size: UInt64 = 3,
        identifier: ObjectID = ObjectID(high: 1, low: 2), target: [UInt8]? = nil
    ) -> [UInt8] {
        var bytes: [UInt8] = [kind, 0]
        func put(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { bytes += Array($0) } }
        put(UInt16(name.count))
        put(mode)
        put(UInt64(0))
        put(target.map { UInt64($0.count) } ?? size)
        bytes += identifier.bytes + name + [0]
        if let target { bytes += target + [0] }
        return bytes
    }

    private func directory(_ records: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for number in [UInt32(1), UInt32(records.count)] {
            withUnsafeBytes(of: number.littleEndian) { bytes += Array($0) }
        }
        return bytes + Array(repeating: 0xff, count: 32) + records.joined()
    }

    private func isTaken(_ bytes: [UInt8], as id: TreeID? = nil) -> Bool {
        bytes.withUnsafeBytes { raw in (try? StrangeRecords.check(directory: raw, id ?? TreeID(hashing: bytes))) != nil
        }
    }

    @Test func onlyEntriesOfFileSystemsAreTaken() {
        #expect(
            isTaken(directory([record([97]), record([98], kind: 3, size: 0), record([99], kind: 2, target: [97])])))
        #expect(!isTaken(directory([record([97])]), as: TreeID(high: 0, low: 0)), "another id than its hash")
        let names: [[UInt8]] = [
            [46], [46, 46], [97, 47, 98], [47], [97, 0, 98], Array(repeating: 97, count: 256),
        ]
        for name in names { #expect(!isTaken(directory([record(name)])), "\(name.prefix(5))") }
        #expect(!isTaken(directory([record([98]), record([97])])), "out of order")
        #expect(!isTaken(directory([record([97]), record([97])])), "twice")
        #expect(!isTaken(directory([record([97], size: .max)])))
        #expect(!isTaken(directory([record([97], mode: 0o100644)])))
        #expect(!isTaken(directory([record([97], kind: 2, target: [])])))
        #expect(!isTaken(directory([record([97], kind: 2, target: [97, 0, 98])])))
        #expect(!isTaken(directory([record([97], kind: 7)])))
        #expect(!isTaken(Array(directory([record([97])]).dropLast())))
    }

    /// A directory in itself, which only somebody who can make hashes collide could write.
    @Test func treesWithoutAnEndHaveOne() {
        let id = TreeID(high: 7, low: 7)
        let other = TreeID(high: 8, low: 8)
        let endless = directory([record([97], kind: 3, mode: 0o755, size: 0, identifier: ObjectID(id.digest))])
        let also = directory([
            record([97], kind: 3, mode: 0o755, size: 0, identifier: ObjectID(other.digest)), record([98]),
        ])
        endless.withUnsafeBytes { endless in
            also.withUnsafeBytes { also in
                let lookup: TreeLookup = { (tree) throws(TreeError) in tree == id ? endless : also }
                #expect(throws: TreeError.tooLarge) { try TreeDifference.forEachEntry(of: id, lookup) { _, _ in } }
                #expect(throws: TreeError.tooLarge) {
                    try TreeDifference.walk(from: id, to: other, lookup) { _, _ in }
                }
                #expect(throws: TreeError.tooLarge) { _ = try DifferenceTrees(from: id, to: other, lookup) }
            }
        }
    }

    private func layout(_ path: [UInt8], _ records: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        let content = Array(records.joined())
        for number in [UInt32(1), UInt32(1), UInt32(content.count), UInt32(records.count)] {
            withUnsafeBytes(of: number.littleEndian) { bytes += Array($0) }
        }
        withUnsafeBytes(of: UInt16(path.count).littleEndian) { bytes += Array($0) }
        return bytes + path + content
    }

    @Test func layoutsLeadNowhereElse() throws {
        func isTaken(_ path: String, _ name: [UInt8] = [97]) -> Bool {
            layout(Array(path.utf8), [record(name)]).withUnsafeBytes { (try? StrangeRecords.check(layout: $0)) != nil }
        }
        #expect(isTaken(""))
        #expect(isTaken("share/x"))
        for path in [
            "/", "/share", "share/", "share//x", "..", "share/../x", "./x", "x\u{0}y",
            String(repeating: "a/", count: 3000),
        ] {
            #expect(!isTaken(path), "\(path.prefix(20))")
        }
        #expect(!isTaken("share", [47]))
    }
}
