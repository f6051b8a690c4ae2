import BytePath
import LinuxSystem
import PackageModel
import StoneEmission
import StoneFormat
import TestSupport
import Testing

/// Stones on disk, and contents on their way there.
@Suite struct StoneDirectoryTests {
    private static let metadata = PackageMetadata(name: "sample", version: "1.0", release: 1)

    private func names(_ directory: BytePath) -> [String]? { TestFiles.names(in: directory.display)?.sorted() }

    @Test func contentsInTheOrderOfAnArchiveGiveTheSameStone() throws {
        try withScratchDirectory { directory in
            let files = [[1], [], [2, 2], [1], [UInt8](repeating: 3, count: 700_000), [9, 9, 9]] as [[UInt8]]
            var memory = MemoryContents()
            var stone = StoneEmission(Self.metadata)
            for (number, bytes) in files.dropLast().enumerated() {
                stone.add(file: BytePath("share/\(number)"), memory.add(bytes[...]))
            }
            let scratch = StoneDirectory.scratchName(of: "test", 1)
            var contents = try ScratchContents(in: directory, name: scratch)
            let wanted = Set(stone.files)
            for bytes in files {
                try append(Array(bytes.prefix(bytes.count / 2)), to: &contents)
                try append(Array(bytes.suffix(from: bytes.count / 2)), to: &contents)
                let file = contents.endFile(where: wanted.contains)
                let isKept = contents.contains(file)
                #expect(isKept == wanted.contains(file))
            }
            let output = try StoneDirectory(directory)
            let size = try output.write(
                stone, contents: &contents, as: "sample.stone", scratchName: scratch, options: .fast)
            let written = try #require(TestFiles.bytes(of: directory.appending("sample.stone").display))
            #expect(UInt64(written.count) == size)
            #expect(try written == stone.bytes(contents: memory, options: .fast))
            #expect(names(directory) == ["sample.stone"])
        }
    }

    @Test func aStoneThatFailsLeavesTheOldOne() throws {
        try withScratchDirectory { directory in
            try Descriptor.openDirectory(directory).replaceFile("sample.stone", with: [1])
            var stone = StoneEmission(Self.metadata)
            stone.add(link: "/absolute", to: "x")
            var contents = MemoryContents()
            let output = try StoneDirectory(directory)
            let name = StoneDirectory.scratchName(of: "test", 1)
            let failure = #expect(throws: StoneEmissionError<SystemError, Never>.self) {
                try output.write(stone, contents: &contents, as: "sample.stone", scratchName: name, options: .fast)
            }
            guard case .stone(let problem)? = failure else { throw TestSupportError("another failure") }
            #expect(problem.code == .invalidPath)
            #expect(names(directory) == ["sample.stone"])
            #expect(TestFiles.bytes(of: directory.appending("sample.stone").display) == [1])
        }
    }

    @Test func aNameThatIsTakenByADirectoryIsAnErrorOfThePlace() throws {
        try withScratchDirectory { directory in
            try Descriptor.openDirectory(directory).makeDirectory("sample.stone")
            var contents = MemoryContents()
            let output = try StoneDirectory(directory)
            let failure = #expect(throws: StoneEmissionError<SystemError, Never>.self) {
                try output.write(
                    StoneEmission(Self.metadata), contents: &contents, as: "sample.stone",
                    scratchName: StoneDirectory.scratchName(of: "test", 1), options: .fast)
            }
            guard case .sink(let problem)? = failure else { throw TestSupportError("another failure") }
            #expect(problem.path.isAtOrBelow(directory), "\(problem)")
            #expect(names(directory) == ["sample.stone"])
        }
    }

    @Test func leftoversOfOthersStay() throws {
        try withScratchDirectory { directory in
            let files = try Descriptor.openDirectory(directory)
            for name in [".one-1-0", ".one-2-0", ".other-1-0", "one-1-0"] as [BytePath] {
                try files.replaceFile(name, with: [1])
            }
            let used = try files.open(".one-2-0")
            let isLocked = try used.lock(.exclusive)
            #expect(isLocked)
            try StoneDirectory(directory).removeLeftovers(of: "one")
            #expect(names(directory) == [".one-2-0", ".other-1-0", "one-1-0"])
            _ = consume used
        }
    }

    @Test func scratchIsReadBackAndWrittenOver() throws {
        try withScratchDirectory { directory in
            var scratch = try ScratchFile(in: directory, name: "scratch")
            #expect(names(directory) == [])
            try append([1, 2, 3, 4], to: &scratch)
            scratch.rewind(to: 2)
            try append([5], to: &scratch)
            let (all, tail, beyond) = try (scratch.bytes(at: 0, 9), scratch.bytes(at: 2, 1), scratch.bytes(at: .max, 5))
            #expect(all == [1, 2, 5] && tail == [5] && beyond == [])
        }
    }

    private func append(_ bytes: [UInt8], to scratch: inout ScratchFile) throws(SystemError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(SystemError) in
            try scratch.append(UnsafeRawBufferPointer(bytes))
        }
    }

    private func append(_ bytes: [UInt8], to contents: inout ScratchContents) throws(SystemError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(SystemError) in
            try contents.append(UnsafeRawBufferPointer(bytes))
        }
    }
}
