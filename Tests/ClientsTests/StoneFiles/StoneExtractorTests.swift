import BytePath
import LinuxSystem
import PackageModel
import StoneFiles
import StoneFormat
import TestSupport
import Testing

/// A stone and a directory, and nothing outside of that.
@Suite struct StoneExtractorTests {
    private static func package() -> SamplePackage {
        var package = SamplePackage(name: "a")
        package.add(file: "bin/a", Array("a".utf8), mode: 0o4755)
        package.add(file: "share/a/same", Array("a".utf8), mode: 0o600)
        package.add(file: "share/a/empty", [])
        package.add(link: "share/a/link", to: "/etc/passwd")
        package.add(LayoutEntry(path: "share/a/closed", kind: .directory, mode: 0o040555))
        package.add(file: "share/a/closed/file", Array("closed".utf8))
        return package
    }

    private func extract(_ bytes: [UInt8], in scratch: BytePath) throws -> StoneExtractor.Extracted {
        try Descriptor.openDirectory(scratch).replaceFile("stone", with: bytes)
        return try StoneExtractor(scratch.appending("stone"), into: scratch).extract { _, _ in }
    }

    @Test func everythingIsThereAsItIsSaid() throws {
        try withScratchDirectory { scratch in
            let package = Self.package()
            let made = try extract(package.stone(), in: scratch)
            #expect(made.directory == scratch.appending(BytePath(package.metadata.metadataID)))
            #expect(made.fileCount == 4 && made.symlinkCount == 1)
            let usr = try Descriptor.openDirectory(made.directory.appending("usr"))
            #expect(try usr.status(of: "bin/a").permissions == 0o755)
            #expect(try usr.readFile("share/a/same") == Array("a".utf8))
            #expect(try usr.status(of: "share/a/same").permissions == 0o600)
            #expect(try usr.readLink("share/a/link") == "/etc/passwd")
            #expect(try usr.status(of: "share/a/closed").permissions == 0o555)
            #expect(try usr.readFile("share/a/closed/file") == Array("closed".utf8))
        }
    }

    @Test func whatIsThereStays() throws {
        try withScratchDirectory { scratch in
            let bytes = try Self.package().stone()
            let made = try extract(bytes, in: scratch)
            do throws(ExtractionError) {
                _ = try StoneExtractor(scratch.appending("stone"), into: scratch).extract { _, _ in }
                Issue.record("unpacked over what was there")
            } catch {
                guard case .exists(let path) = error else {
                    Issue.record("\(error)")
                    return
                }
                #expect(path == made.directory)
            }
            #expect(try Descriptor.openDirectory(made.directory).readFile("usr/bin/a") == Array("a".utf8))
        }
    }

    @Test func aDamagedStoneLeavesNothing() throws {
        try withScratchDirectory { scratch in
            var bytes = try Self.package().stone()
            bytes.removeLast(4)
            do throws(ExtractionError) {
                try Self.write(bytes, scratch)
                _ = try StoneExtractor(scratch.appending("stone"), into: scratch).extract { _, _ in }
                Issue.record("unpacked what is damaged")
            } catch {
                guard case .badStone(let stone, let problem) = error else {
                    Issue.record("\(error)")
                    return
                }
                #expect(stone == scratch.appending("stone") && !problem.isEmpty)
            }
            let names = try Descriptor.openDirectory(scratch).entries().map(\.name)
            #expect(names == ["stone"])
        }
    }

    private static func write(_ bytes: [UInt8], _ scratch: BytePath) throws(ExtractionError) {
        do throws(SystemError) {
            try Descriptor.openDirectory(scratch).replaceFile("stone", with: bytes)
        } catch {
            throw .system(error)
        }
    }

    @Test func anInspectionTellsWhatItReadBeforeSomethingIsWrong() throws {
        try withScratchDirectory { scratch in
            let bytes = try Self.package().stone()
            try Descriptor.openDirectory(scratch).replaceFile("good", with: bytes)
            try Descriptor.openDirectory(scratch).replaceFile("bad", with: Array(bytes.dropLast(4)))
            var kinds: [PayloadKind] = []
            let visit: StoneInspection.Visitor = {
                if case .payload(let payload) = $0 { kinds.append(payload.header.kind) }
            }
            try StoneInspection(of: scratch.appending("good")).verify(visit)
            #expect(kinds.contains(.meta) && kinds.contains(.content))
            kinds = []
            try StoneInspection(of: scratch.appending("bad")).read(visit)
            #expect(kinds.contains(.meta))
            #expect(throws: (any Error).self) { try StoneInspection(of: scratch.appending("bad")).verify(visit) }
        }
    }
}
