import BytePath
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// What a switch waits for: the same few syncs in the same order, however many files it brings.
struct SwitchSyncTests {
    private static let commit = ["fdatasync .moss/db/data.mdb", "O_DSYNC write .moss/db/data.mdb"]
    /// The journal, everything else, the records; then the exchange, and what is live.
    private static let change = commit + ["syncfs"] + commit + ["exchange", "fsync ."] + commit
    /// A state that exists needs no record before it is live.
    private static let activation = commit + ["syncfs", "exchange", "fsync ."] + commit

    /// The syncs and exchanges of a command, and how often it asked for write-back to start.
    private func syncs(_ root: CommandRoot, _ arguments: BytePath...) throws -> (names: [String], writeBacks: Int) {
        let log = root.path.appending("log")
        let result = try root.traced(["record", "-o", log, "--below", root.root], arguments)
        guard result.end == .exited(0) else { throw CommandRoot.Failure(description: result.errorText) }
        var writeBacks = 0
        let names = try CallLog(at: log).calls.flatMap { call -> [String] in
            switch call {
            case .syncFile(_, let path): return ["fsync \(path)"]
            case .syncData(_, let path): return ["fdatasync \(path)"]
            case .write(_, _, _, isSynced: true, let path): return ["O_DSYNC write \(path)"]
            case .syncFileSystem: return ["syncfs"]
            case .exchange: return ["exchange"]
            case .startWriteBack:
                writeBacks += 1
                return []
            default: return []
            }
        }
        return (names, writeBacks)
    }

    @Test func aSwitchWaitsForTheDiskAFewTimesOnly() throws {
        try withScratchDirectory(inMemory: true) { scratch in
            var large = SamplePackage(name: "large")
            for number in 0..<3 {
                large.add(
                    file: BytePath("share/large/\(number)"),
                    (0..<(5 << 20)).map { UInt8(truncatingIfNeeded: $0 / 7 + number) })
            }
            let packages = [
                systemPackage("base"), systemPackage("ten"), systemPackage("many", fileCount: 600), large,
            ]
            let root = try CommandRoot(in: scratch, offering: packages)
            try root.done("-y", "install", "base")
            let withoutSpare = try syncs(root, "-y", "install", "ten")
            #expect(withoutSpare.names == Self.change)
            #expect(withoutSpare.writeBacks == 0)
            try root.done("tidy")
            let many = try syncs(root, "-y", "install", "many")
            #expect(many.names == Self.change)
            #expect(many.writeBacks == 0)
            let big = try syncs(root, "-y", "install", "large")
            #expect(big.names == Self.change)
            // Write-back of large files starts while others are still being unpacked.
            #expect(big.writeBacks == 3)
            #expect(try syncs(root, "-y", "remove", "many").names == Self.change)
            #expect(try syncs(root, "-y", "state", "activate", "1").names == Self.activation)
        }
    }
}
