import ELF
import Glibc
import Testing

/// Bytes of a file of this machine; nil where it has none.
private func machineFile(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&piece, 1, piece.count, file)
        if count == 0 { return bytes }
        bytes += piece[..<count]
    }
}

/// What `command` prints.
private func output(of command: String) throws -> [Substring] {
    let pipe = try #require(popen(command, "r"))
    defer { pclose(pipe) }
    var text: [UInt8] = []
    while case let byte = fgetc(pipe), byte != EOF { text.append(UInt8(byte)) }
    return String(decoding: text, as: UTF8.self).split(separator: "\n")
}

private func bracketed(_ lines: [Substring], _ word: String) -> [String] {
    lines.filter { $0.contains(word) }.compactMap { line in
        guard let open = line.firstIndex(of: "["), let close = line.lastIndex(of: "]") else { return nil }
        return String(line[line.index(after: open)..<close])
    }
}

private func text(_ bytes: [UInt8]?) -> String? {
    bytes.map { String(decoding: $0, as: UTF8.self) }
}

@Suite struct ELFFileTests {
    @Test(arguments: [
        "/bin/bash", "/lib/x86_64-linux-gnu/libc.so.6", "/usr/bin/readelf", "/lib64/ld-linux-x86-64.so.2",
    ])
    func agreesWithReadelf(path: String) throws {
        let bytes = try #require(machineFile(path), "the machine has no \(path)")
        let file = try ELFFile(bytes: bytes)
        let dynamic = try output(of: "LC_ALL=C readelf -dW \(path)")
        #expect(file.needed.map { text($0) } == bracketed(dynamic, "(NEEDED)"))
        #expect(text(file.soname) == bracketed(dynamic, "(SONAME)").first)
        let notes = try output(of: "LC_ALL=C readelf -nW \(path)").filter { $0.contains("Build ID: ") }
        let hexadecimal = file.buildID?.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(hexadecimal == notes.first.flatMap { $0.split(separator: " ").last }.map(String.init))
        let interpreter = try output(of: "LC_ALL=C readelf -lW \(path)")
            .first { $0.contains("Requesting program interpreter: ") }
        let wanted = interpreter.flatMap { $0.split(separator: " ").last }.map { String($0.dropLast()) }
        #expect(text(file.interpreter) == wanted)
        #expect(file.machine.name == "x86_64")
        #expect(file.fileClass == .bits64)
        #expect(file.type == .sharedObject)
        #expect(!file.isBigEndian)
    }

    @Test func readsAFileFromPieces() throws {
        struct Refused: Error {}
        let bytes = try #require(machineFile("/bin/bash"))
        var asked = 0
        let file = try ELFFile(size: UInt64(bytes.count)) { (offset, count) throws(Refused) in
            asked += count
            return Array(bytes[Int(offset)..<(Int(offset) + count)])
        }
        #expect(try file == ELFFile(bytes: bytes))
        #expect(asked < bytes.count / 4, "only headers and names are read")
        #expect(throws: ELFReadError<Refused>.self) {
            try ELFFile(size: 4096) { (_, _) throws(Refused) in throw Refused() }
        }
    }

    @Test func machinesHaveTheNamesOfTheirConstants() {
        #expect(ELFMachine.x86.name == "386")
        #expect(ELFMachine.aarch64.name == "aarch64")
        #expect(ELFMachine(rawValue: 243).name == "riscv")
        #expect(ELFMachine(rawValue: 64_000).name == "machine-64000")
    }

    @Test func readsBigEndian32BitFiles() throws {
        let file = try ELFFile(bytes: bigEndianLibrary())
        #expect(file.fileClass == .bits32)
        #expect(file.isBigEndian)
        #expect(file.machine.name == "ppc")
        #expect(text(file.soname) == "libx.so.1")
        #expect(file.needed.map { text($0) } == ["libc.so.6"])
    }

    /// A 32-bit big-endian library with two program headers: load and dynamic.
    private func bigEndianLibrary() -> [UInt8] {
        func big(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
        func half(_ value: UInt16) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
        var bytes: [UInt8] = ELFFile.magic + [1, 2, 1] + [UInt8](repeating: 0, count: 9)
        bytes += half(3) + half(20) + big(1) + big(0) + big(52) + big(0) + big(0)
        bytes += half(52) + half(32) + half(2) + half(0) + half(0) + half(0)
        let names = Array("\0libx.so.1\0libc.so.6\0".utf8)
        let dynamic = [(14, 1), (1, 11), (5, 0x1000 + 116), (10, names.count), (0, 0)].flatMap { tag, value in
            big(UInt32(tag)) + big(UInt32(value))
        }
        let table = UInt32(116 + names.count)
        bytes += [1, 0, 0x1000, 0, table + 40, 0, 4, 4].flatMap(big)
        bytes += [2, table, 0x1000 + table, 0, 40, 0, 4, 4].flatMap(big)
        return bytes + names + dynamic
    }
}

@Suite struct ELFHostileInputTests {
    @Test func refusesWhatIsNoELF() {
        for bytes in [[], Array("#!/bin/sh\n".utf8), ELFFile.magic, ELFFile.magic + [9, 9, 9]] as [[UInt8]] {
            #expect(throws: ELFError.self) { try ELFFile(bytes: bytes) }
        }
    }

    @Test func everyTruncationOfTheHeadersIsAnErrorOrAFile() throws {
        let bytes = try #require(machineFile("/bin/bash"))
        for count in Array(0..<2048) + Array(stride(from: 2048, to: bytes.count, by: 4099)) {
            _ = try? ELFFile(bytes: Array(bytes[..<count]))
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func randomFlipsNeverTrap(seed: UInt64) throws {
        var state = seed
        func random() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 20
        }
        // Headers and dynamic section of a real library; flips aim at the regions the parser looks at.
        let original = try #require(machineFile("/lib/x86_64-linux-gnu/libdl.so.2") ?? machineFile("/bin/true"))
        for round in 0..<20_000 {
            var bytes = original
            for _ in 0...(round % 6) {
                let place =
                    random() % 3 == 0 ? random() % UInt64(bytes.count) : random() % min(1024, UInt64(bytes.count))
                bytes[Int(place)] = random() % 4 == 0 ? 0xff : UInt8(truncatingIfNeeded: random())
            }
            if round % 5 == 0 { bytes.removeLast(Int(random() % UInt64(bytes.count))) }
            _ = try? ELFFile(bytes: bytes)
        }
    }
}
