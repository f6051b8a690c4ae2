import BytePath
import Digests
import Installation
import LinuxSystem
import PackageModel
import States
import StoneFormat
import TestSupport
import Testing

/// The view, the blit and the index of a state are one tree: the same paths with the same kinds, modes, owners, sizes,
/// targets and bytes, and the same names are one file.
@Suite(.needsRoot) struct ViewEqualityTests {
    @Test func randomStatesAreShownAsTheyAre() throws {
        var random = SeededGenerator.forTest()
        for _ in 0..<6 { try showRandomStates(seed: random.next()) }
    }

    @Test(.long) func manyRandomStatesAreShownAsTheyAre() throws {
        var random = SeededGenerator.forTest()
        for _ in 0..<50 { try showRandomStates(seed: random.next()) }
    }

    /// Installs some packages, then others, and removes one; shows every state, and each before it exists.
    private func showRandomStates(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let corpus = RandomCorpus(using: &random)
        try ViewFixture.run {
            try corpus.publish(to: $0.stones)
        } _: { fixture in
            let readings = ["auto", "passthrough", "cached"]
            let first = Array(corpus.names.dropLast())
            let changes: [(BytePath, [BytePath])] = [
                ("install", first), ("install", corpus.names), ("remove", [corpus.names[1]]),
            ]
            for (number, (verb, names)) in changes.enumerated() {
                var candidate: ObservedTree?
                let change = verb.appending(words: names)
                let reading = readings.randomElement(using: &random) ?? "auto"
                try fixture.mounted("--candidate", change, reading: reading) { candidate = try ObservedTree($0) }
                _ = try fixture.moss.command([verb, "-y"] + names).runSuccessfully()
                try expectEqual(fixture, corpus, BytePath("\(number + 1)"), reading, "MOSS_SEED \(seed)")
                let live = try ObservedTree(fixture.moss.root.appending("usr"), except: [".stateID"])
                #expect(candidate?.differences(from: live) == [], "MOSS_SEED \(seed), \(change)")
            }
            // Old states are shown while another is active, and are still the same when they are active again.
            try fixture.moss.succeed("state", "activate", "-y", "1")
            try expectEqual(fixture, corpus, "1", "auto", "MOSS_SEED \(seed)")
        }
    }

    /// The active state `number` and its view.
    private func expectEqual(
        _ fixture: ViewFixture, _ corpus: RandomCorpus, _ number: BytePath, _ reading: String, _ note: Comment
    ) throws {
        try fixture.mounted(number, reading: reading) { place in
            let shown = try ObservedTree(place)
            let live = try ObservedTree(fixture.moss.root.appending("usr"), except: [".stateID"])
            #expect(shown.differences(from: live) == [], note)
            #expect(shown.problems == [], note)
            let installation = try Installation(opening: fixture.moss.root, .reading)
            let state = try #require(try installation.activeState())
            #expect("\(state.number)" == number.display)
            #expect(try shown.listing.differences(from: TreeListing(recorded: state, in: installation)) == [], note)
            try expectOrigins(of: shown, place, corpus, number, note)
        }
    }

    /// The attributes `user.moss.*` of everything in a view.
    private func expectOrigins(
        of tree: ObservedTree, _ place: BytePath, _ corpus: RandomCorpus, _ number: BytePath, _ note: Comment
    ) throws {
        func attribute(_ name: String, _ path: BytePath) throws -> String? {
            try Descriptor.attribute("user.moss.\(name)", of: place.appending(path)).map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        for entry in tree.listing.entries {
            // The kernel itself refuses such attributes of links.
            if entry.kind != .symlink { #expect(try attribute("state", entry.path) == number.display, note) }
            guard entry.kind == .regular else {
                #expect(try attribute("package", entry.path) == nil, note)
                continue
            }
            #expect(try attribute("digest", entry.path) == entry.digest?.hexadecimal, note)
            guard let owner = corpus.owner(of: entry.path) else {
                #expect(entry.path == "lib/os-release", note)
                continue
            }
            // A file that several packages have belongs to each of them.
            let packages = try attribute("package", entry.path)?.split(separator: ", ") ?? []
            let versions = try attribute("version", entry.path)?.split(separator: ", ") ?? []
            let pairs = Dictionary(zip(packages, versions)) { first, _ in first }
            #expect(packages.count == versions.count && pairs.count == packages.count, note)
            #expect(pairs[Substring(owner.metadata.name)].map(String.init) == owner.metadata.versionText, note)
        }
    }

    @Test(arguments: [10_000])
    func aHugeDirectoryIsShownWhole(count: Int) throws { try showHugeDirectory(count) }

    @Test(.long) func aDirectoryOfAHundredThousandIsShownWhole() throws { try showHugeDirectory(100_000) }

    private func showHugeDirectory(_ count: Int) throws {
        try ViewFixture.run {
            try $0.publish("huge") { package in
                for number in 0..<count {
                    package.add(file: BytePath("share/huge/entry-\(number)"), Array("content \(number % 50)\n".utf8))
                }
            }
        } _: { fixture in
            try fixture.moss.succeed("install", "-y", "huge")
            try fixture.mounted("1") { place in
                let live = try ObservedTree(fixture.moss.root.appending("usr"), except: [".stateID"])
                let shown = try ObservedTree(place)
                #expect(shown.listing.entries.count == live.listing.entries.count && live.listing.entries.count > count)
                #expect(shown.differences(from: live) == [])
                try expectSeekable(place.appending("share/huge"), count)
            }
        }
    }

    @Test(.long, arguments: ["passthrough", "cached"])
    func aFileOfMoreThanFourGibibytesIsShown(reading: String) throws {
        let size = UInt64(1) << 32 + 5000
        let end = Array("the end".utf8)
        try ViewFixture.run(inMemory: false) {
            try Descriptor.open($0.stones.appending("large.stone"), [.write, .create]).write(largeStone(size, end))
        } _: { fixture in
            try fixture.moss.succeed("install", "-y", "large")
            try fixture.mounted("1", reading: reading) { place in
                let file = try Descriptor.open(place.appending("share/large"))
                #expect(try file.status().size == size)
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 6000, alignment: 8)
                defer { buffer.deallocate() }
                #expect(try file.read(into: buffer, at: size - UInt64(end.count)) == end.count)
                #expect(buffer.starts(with: end))
                // Across the limit, beyond the end, and all of it.
                #expect(try file.read(into: buffer, at: 1 << 32 - 3000) == 6000)
                #expect(buffer.allSatisfy { $0 == 0 })
                #expect(try file.read(into: buffer, at: size) == 0)
                let sums = try Command(
                    "sha256sum", [place.appending("share/large"), fixture.moss.root.appending("usr/share/large")]
                ).runSuccessfully().outputText.split(separator: "\n").map { $0.prefix(64) }
                #expect(sums.count == 2 && sums.first == sums.last)
            }
        }
    }

    /// A package whose one file is zeros and `end`.
    private func largeStone(_ size: UInt64, _ end: [UInt8]) throws -> [UInt8] {
        let zeros = [UInt8](repeating: 0, count: 4 << 20)
        func forEachPart(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
            var left = Int(size) - end.count
            while left > 0 {
                try zeros.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0.prefix(left))) }
                left -= zeros.count
            }
            try end.withUnsafeBytes(body)
        }
        let hasher = XXH3Hasher(.bits128)
        forEachPart { hasher.update($0) }
        let file = ContentFile(digest: ObjectID(hasher.digest128), size: size)
        var writer = try StoneWriter(
            ByteArraySink(), metadata: PackageMetadata(name: "large", version: "1", release: 1),
            layout: [LayoutEntry(path: "share/large", kind: .regular(file.digest), mode: 0o100644)], files: [file],
            options: .fast)
        try forEachPart { try writer.write($0) }
        return try writer.finish().bytes
    }

    private func expectSeekable(_ directory: BytePath, _ count: Int) throws {
        // Every place that telldir gives leads back to the same name.
        let script: BytePath = """
            opendir(my $d, $ARGV[0]) or die; my @all;
            while (1) { my $p = telldir($d); my $n = readdir($d); last unless defined $n; push @all, [$p, $n] }
            for (my $i = $#all; $i >= 0; $i -= 97) { seekdir($d, $all[$i][0]); readdir($d) eq $all[$i][1] or die $i }
            print scalar(@all);
            """
        let result = try Command("perl", ["-e", script, directory]).runSuccessfully()
        // With or without . and ..
        #expect([count, count + 2].contains(Int(result.outputText) ?? 0))
    }
}

extension BytePath {
    /// The words of a change, each quoted.
    fileprivate func appending(words: [BytePath]) -> BytePath {
        BytePath(bytes: words.reduce(bytes) { $0 + [32] + $1.bytes })
    }
}
