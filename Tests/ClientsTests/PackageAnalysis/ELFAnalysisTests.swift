import BytePath
import ELF
import PackageAnalysis
import PackageModel
import TestSupport
import Testing

/// What ELF files provide and need: files of this host, and files made to mislead.
@Suite struct ELFAnalysisTests {
    private let analyzer = FileAnalyzer()

    private func host(_ path: String) throws -> [UInt8] {
        try #require(TestFiles.bytes(of: path), "\(path)")
    }

    private func machine() throws -> String {
        try ELFFile(bytes: host("/bin/true")).machine.name
    }

    /// The loader that this host's programs name, and its file.
    private func loader() throws -> String {
        String(decoding: try #require(try ELFFile(bytes: host("/bin/true")).interpreter), as: UTF8.self)
    }

    /// The C library this process was loaded with.
    private func libc() throws -> [UInt8] {
        let maps = try String(decoding: host("/proc/self/maps"), as: UTF8.self)
        let path = try #require(
            maps.split(separator: "\n").compactMap { $0.split(separator: " ").last }.first {
                $0.hasSuffix("/libc.so.6")
            })
        return try host(String(path))
    }

    @Test func aProgramNeedsItsLibrariesAndItsLoader() throws {
        let facts = try analyzer.facts(at: "bin/true", bytes: host("/bin/true"))
        let (machine, loader) = try (machine(), loader())
        #expect(facts.capabilities.provides == [Capability(.binary, "true")])
        #expect(facts.capabilities.needs.contains(Capability(.soname, "libc.so.6(\(machine))")))
        #expect(facts.capabilities.needs.contains(Capability(.interpreter, "\(loader)(\(machine))")))
        #expect(facts.capabilities.privateLibraries == [] && facts.elfProblem == nil)
        #expect(facts.elf?.buildID != nil)
        #expect(facts.capabilities.dependencies == facts.capabilities.needs.sorted())
    }

    @Test(arguments: [
        ("lib/libc.so.6", true), ("lib32/libc.so.6", true), ("lib/libc-any.so", true),
        ("lib/x86_64-linux-gnu/libc.so.6", false), ("lib/app/libc.so.6", false), ("share/libc.so.6", false),
    ])
    func aLibraryIsOfferedWhereTheLoaderLooks(path: String, isOffered: Bool) throws {
        let capability = try Capability(.soname, "libc.so.6(\(machine()))")
        let found = try analyzer.facts(at: BytePath(path), bytes: libc()).capabilities
        #expect(found.provides == (isOffered ? [capability] : []), "\(path)")
        #expect(found.privateLibraries == (isOffered ? [] : [capability]), "\(path)")
    }

    @Test func whoAsksSaysWhereTheLoaderLooks() throws {
        let capability = try Capability(.soname, "libc.so.6(\(machine()))")
        let own = FileAnalyzer { $0 == "opt/lib" }
        #expect(try own.facts(at: "opt/lib/libc.so.6", bytes: libc()).capabilities.provides == [capability])
        #expect(try own.facts(at: "lib/libc.so.6", bytes: libc()).capabilities.privateLibraries == [capability])
    }

    @Test func aLibraryUnderTheNameOfAProgramIsNone() throws {
        let found = try analyzer.facts(at: "lib/libc", bytes: libc()).capabilities
        #expect(found.provides == [] && found.privateLibraries == [])
    }

    @Test func theLoaderIsOfferedUnderEverySpelling() throws {
        let (machine, path) = try (machine(), loader())
        let name = BytePath(path).lastComponent.display
        let found = try analyzer.facts(at: BytePath("lib/\(name)"), bytes: host(path)).capabilities
        for spelling in ["/lib64/\(name)", "/usr/lib64/\(name)", "/lib/\(name)", "/usr/lib/\(name)"] {
            #expect(found.provides.contains(Capability(.interpreter, "\(spelling)(\(machine))")))
            #expect(found.provides.contains(Capability(.soname, "\(spelling)(\(machine))")))
        }
        let elsewhere = try analyzer.facts(at: BytePath("share/\(name)"), bytes: host(path)).capabilities
        #expect(!elsewhere.provides.contains { $0.kind == .interpreter })
    }

    @Test func debugInformationIsNotLookedAt() throws {
        #expect(try analyzer.facts(at: "lib/debug/libc.so.6", bytes: libc()) == FileFacts())
    }

    /// The same from bytes wherever they are, and little of them is asked for.
    @Test func piecesAreEnough() throws {
        let bytes = try libc()
        var asked = 0
        let facts = analyzer.facts(at: "lib/libc.so.6", size: UInt64(bytes.count)) { (offset, count) throws(Never) in
            asked += count
            return Array(bytes[Int(offset)..<(Int(offset) + count)])
        }
        #expect(facts == analyzer.facts(at: "lib/libc.so.6", bytes: bytes))
        #expect(asked < 100_000, "\(asked)")
    }

    @Test func whatTheSourceThrowsIsPassedOn() {
        struct Failure: Error, Equatable {}
        #expect(throws: Failure()) {
            try analyzer.facts(at: "bin/x", size: 99) { (_, _) throws(Failure) in throw Failure() }
        }
        #expect(throws: Failure()) {
            try analyzer.facts(at: "bin/x", size: 99) { (_, count) throws(Failure) in
                if count == 4 { return ELFFile.magic }
                throw Failure()
            }
        }
    }

    // MARK: Hostile files

    @Test func aFileThatOnlyBeginsLikeOneSaysSo() {
        for rest in [[], [2], [2, 1, 1], [UInt8](repeating: 0xff, count: 200)] as [[UInt8]] {
            let facts = analyzer.facts(at: "bin/x", bytes: ELFFile.magic + rest)
            #expect(facts.elfProblem?.isEmpty == false && facts.elf == nil, "\(rest.count)")
            #expect(facts.capabilities.provides == [Capability(.binary, "x")])
            #expect(facts.capabilities.needs == [])
        }
    }

    /// A source that has less than it said, at every length.
    @Test func aFileThatEndsEarlySaysSo() throws {
        let bytes = try host("/bin/true")
        for length in stride(from: 4, to: 2000, by: 61) {
            let facts = analyzer.facts(at: "bin/x", size: UInt64(bytes.count)) { (offset, count) throws(Never) in
                let end = min(length, Int(offset) + count)
                return Int(offset) < end ? Array(bytes[Int(offset)..<end]) : []
            }
            #expect(facts.elfProblem != nil, "\(length)")
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func flippedBytesNeverTrap(seed: UInt64) throws {
        let original = try libc()
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            var bytes = Array(original.prefix(4096))
            for _ in 0...3 {
                bytes[Int.random(in: 4..<512, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let facts = analyzer.facts(at: "lib/x.so", size: UInt64(original.count)) { (offset, count) throws(Never) in
                let source = Int(offset) + count <= bytes.count ? bytes : original
                return Array(source[Int(offset)..<(Int(offset) + count)])
            }
            #expect(facts.elf != nil || facts.elfProblem != nil)
        }
    }
}
