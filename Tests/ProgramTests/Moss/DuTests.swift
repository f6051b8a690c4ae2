import BytePath
import LinuxSystem
import TestSupport
import Testing

/// `moss du` says what removing frees, and removing frees just that.
@Suite struct DuTests {
    /// Sizes of every file the store or a tree on disk still has, each inode once.
    private func bytesOnDisk(_ fixture: MossFixture) throws -> UInt64 {
        var sizes: [UInt64: UInt64] = [:]
        for place in [".moss/objects", ".moss/trees", "usr"] as [BytePath] {
            let directory = try Descriptor.openDirectory(fixture.root.appending(place))
            for entry in try TreeListing(of: fixture.root.appending(place)).entries where entry.kind == .regular {
                if entry.path.lastComponent == ".stateID" { continue }
                let status = try directory.status(of: entry.path)
                sizes[status.inode] = status.size
            }
        }
        return sizes.values.reduce(0, +)
    }

    private func number(_ value: Any?) throws -> UInt64 { UInt64(try #require(value as? Int)) }

    private func states(_ data: [String: Any]) throws -> [UInt64: [String: Any]] {
        let list = try #require(data["states"] as? [[String: Any]])
        return try Dictionary(uniqueKeysWithValues: list.map { (try number($0["number"]), $0) })
    }

    /// Removes a state and returns what du promised and what there was, three times.
    private func remove(_ fixture: MossFixture, _ state: BytePath) throws -> [UInt64] {
        let use = try #require(try states(fixture.json("du", "du", state)).values.first)
        let before = try bytesOnDisk(fixture)
        let freed = try number(use["freed_bytes"])
        let kept = try number(use["tree_bytes"])
        let data = try fixture.json("state remove", "state", "remove", "-y", state)
        let told = try number((data["freed"] as? [String: Any])?["bytes"])
        return [freed, before - (try bytesOnDisk(fixture)), told - kept]
    }

    private func publish(_ fixture: MossFixture) throws {
        for (index, name) in ["a", "b", "c", "d"].enumerated() {
            try fixture.publish(name) { package in
                package.add(file: BytePath("share/\(name)/own"), Array(repeating: UInt8(index), count: 1000 + index))
                // The same content in all, in two variants.
                package.add(file: BytePath("share/\(name)/common"), Array(repeating: 99, count: 500))
                package.add(
                    file: BytePath("share/\(name)/odd"), Array(repeating: 98, count: 300),
                    mode: index < 2 ? 0o644 : 0o600)
                package.add(file: BytePath("share/\(name)/empty"), [])
            }
        }
        try fixture.prepare()
    }

    @Test func whatIsPromisedComesFree() throws {
        try MossFixture.run { fixture in
            try publish(fixture)
            for name in ["a", "b", "c"] as [BytePath] { try fixture.succeed("install", "-y", name) }
            for name in ["b", "c"] as [BytePath] { try fixture.succeed("remove", "-y", name) }
            try fixture.succeed("state", "pin", "2", "two")
            let all = try states(fixture.json("du", "du"))
            #expect(all.keys.sorted() == [1, 2, 3, 4, 5])
            #expect(all[2]?["freed_bytes"] == nil && all[2]?["name"] as? String == "two")
            #expect(all[5]?["freed_bytes"] == nil && all[5]?["is_active"] as? Bool == true)
            try fixture.succeed("tidy")
            // State 4 has c and state 3 too; os-release is what each has for itself.
            #expect(try number(all[3]?["exclusive_bytes"]) < 1000)
            let together = try number(fixture.json("du", "du", "3", "4")["freed_together_bytes"])
            var sum: UInt64 = 0
            for state in ["3", "4"] as [BytePath] {
                let figures = try remove(fixture, state)
                #expect(Set(figures).count == 1, "\(figures)")
                sum += figures[0]
            }
            #expect(together >= 1000 && sum == together, "the spare does not change meanwhile")

            try fixture.succeed("state", "unpin", "two")
            try fixture.succeed("tidy")
            let figures = try remove(fixture, "2")
            #expect(Set(figures).count == 1 && figures[0] >= 1000, "\(figures)")
            let rest = try fixture.json("du", "du")
            #expect(try number(rest["unneeded_bytes"]) == 0)
            #expect(try fixture.succeed("gc") == "Nothing to do.\n")
        }
    }

    @Test func packagesShareWhatOthersHaveToo() throws {
        try MossFixture.run { fixture in
            try publish(fixture)
            try fixture.succeed("install", "-y", "a", "c")
            try fixture.succeed("remove", "-y", "c")
            let data = try fixture.json("du", "du", "--packages")
            let list = try #require(data["packages"] as? [[String: Any]])
            #expect(list.map { $0["name"] as? String } == ["c", "a"], "those with most for themselves first")
            // Each has a program of 8 bytes, a file and a variant of its own.
            #expect(try list.map { try number($0["exclusive_bytes"]) } == [1310, 1308])
            #expect(try list.map { try number($0["shared_bytes"]) } == [500, 500])
            #expect(try list.map { try number($0["state_count"]) } == [1, 2])
            let one = try fixture.json("du", "du", "2", "--packages")
            #expect((one["packages"] as? [Any])?.count == 1)
        }
    }

    @Test func theTableSaysWhatStays() throws {
        try MossFixture.run { fixture in
            try publish(fixture)
            #expect(try fixture.succeed("du") == "All objects: 0 B.\n")
            try fixture.succeed("install", "-y", "a")
            try fixture.succeed("install", "-y", "b")
            try fixture.succeed("remove", "-y", "b")
            try fixture.succeed("tidy")
            let text = try fixture.succeed("du")
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.first == "   State    Holds  Exclusive   Frees")
            #expect(text.contains("\n*      3"))
            #expect(text.contains("\nRemoving these 2 states together frees "))
            try fixture.fail(3, saying: "no state 9", "du", "9")
            try fixture.fail(3, saying: "nothing", "du", "nothing")
        }
    }

    @Test(.needsRoot) func aViewKeepsWhatItShows() throws {
        try MossFixture.run { fixture in
            try publish(fixture)
            let place = fixture.scratch.appending("view")
            try Descriptor.openDirectory(fixture.scratch).makeDirectory("view")
            try fixture.succeed("install", "-y", "a", "d")
            try fixture.succeed("remove", "-y", "d")
            try fixture.succeed("tidy")
            try fixture.succeed("mount", "1", place)
            defer { try? MountTable.unmount(place, lazily: true) }
            let use = try #require(try states(fixture.json("du", "du", "1"))[1])
            let exclusive = try number(use["exclusive_bytes"])
            #expect(try exclusive > 1300 && number(use["view_bytes"]) == exclusive)
            #expect(try remove(fixture, "1") == [0, 0, 0])
            #expect(try number(fixture.json("du", "du")["unneeded_bytes"]) == 0)
            try fixture.succeed("umount", place)
            #expect(try number(fixture.json("du", "du")["unneeded_bytes"]) == exclusive)
            let freed = try #require(try fixture.json("gc", "gc")["freed"] as? [String: Any])
            #expect(try number(freed["bytes"]) == exclusive)
        }
    }
}
