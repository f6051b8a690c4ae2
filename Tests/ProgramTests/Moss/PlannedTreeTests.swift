import BytePath
import FoundationEssentials
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// What a dry run says is what the real run then makes: the tree by its id, its entries by number, its contents by bytes.
struct PlannedTreeTests {
    private struct Planned: Decodable {
        var plan: Plan
    }

    private struct Plan: Decodable {
        var tree: String
        var entriesAdded: Int
        var entriesRemoved: Int
        var entriesChanged: Int
        var bytesOnDisk: UInt64
    }

    private struct Active: Decodable {
        struct State: Decodable {
            var number: UInt64
            var tree: String
        }
        var state: State
    }

    private struct Document<Content: Decodable>: Decodable {
        var data: Content
    }

    private func read<Content: Decodable>(_ type: Content.Type, _ text: String) throws -> Content {
        try JSONDecoder.snakeCase.decode(Document<Content>.self, from: Data(text.utf8)).data
    }

    private func active(_ root: CommandRoot) throws -> Active.State {
        try read(Active.self, try root.done("state", "active", "--json")).state
    }

    /// Bytes of all objects, each of its copies counted.
    private func objectBytes(_ root: CommandRoot) throws -> UInt64 {
        try TreeListing(of: root.root.appending(".moss/objects")).entries.reduce(0) { $0 + $1.size }
    }

    private func branded(_ name: String, release: UInt64 = 1, _ os: String) -> SamplePackage {
        var package = systemPackage(name, release: release)
        let text = "{\"metadata\":{\"identity\":{\"id\":\"\(os)\",\"name\":\"\(os)\"}}}"
        package.add(file: "lib/os-info.json", Array(text.utf8))
        return package
    }

    /// What one change does to the paths below `/usr`, but for the state's number, which is in no tree.
    private func changes(from old: TreeListing, to new: TreeListing) -> [Int] {
        func entries(_ listing: TreeListing) -> [BytePath: TreeListing.Entry] {
            Dictionary(
                listing.entries.filter { !$0.path.isEmpty && $0.path != ".stateID" }.map { ($0.path, $0) }
            ) { first, _ in first }
        }
        let (old, new) = (entries(old), entries(new))
        let common = new.keys.filter { old[$0] != nil }
        return [
            new.count - common.count, old.count - common.count, common.count { new[$0] != old[$0] },
        ]
    }

    @Test func aDryRunTellsTheTreeOfTheRealRun() throws {
        try withScratchDirectory { scratch in
            let root = try CommandRoot(
                in: scratch,
                offering: [systemPackage("a"), branded("brand", "one"), systemPackage("b"), systemPackage("c")])
            let steps: [[BytePath]] = [
                ["install", "a"], ["install", "brand"], ["install", "b"], ["remove", "a"], ["sync"],
                ["remove", "brand"],
                ["install", "brand", "c"], ["undo"], ["redo"], ["state", "activate", "1"],
            ]
            var names: Set<String> = []
            for (number, step) in steps.enumerated() {
                if step == ["sync"] {
                    try root.publish(branded("brand", release: 2, "two"))
                    try root.done("repo", "update")
                }
                let line = step.map(\.display).joined(separator: " ")
                let words = step + ["--dry-run", "--json"]
                let plan = try read(Planned.self, try root.command(words).runSuccessfully().outputText).plan
                let shown = try root.command(step + ["--dry-run"]).runSuccessfully().outputText
                #expect(shown.contains("Tree: \(plan.tree)\n"), "\(line): \(shown)")
                let (listing, bytes) = (try root.listing(), try objectBytes(root))
                try root.command(["-y"] + step).runSuccessfully()
                #expect(try active(root).tree == plan.tree, "\(line)")
                let counts = [plan.entriesAdded, plan.entriesRemoved, plan.entriesChanged]
                #expect(try changes(from: listing, to: root.listing()) == counts, "\(line)")
                #expect(try objectBytes(root) - bytes == plan.bytesOnDisk, "\(line)")
                let release = try Descriptor.openDirectory(root.root).readFile("usr/lib/os-release")
                names.insert(
                    String(decoding: release, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? "")
                // A database made of the files alone knows the same trees.
                if number == 5 { try root.done("-y", "store", "rebuild") }
                #expect(try active(root).tree == plan.tree, "\(line)")
            }
            #expect(names == ["NAME=\"Unbranded OS\"", "NAME=\"one\"", "NAME=\"two\""])
            try root.done("fsck", "--full")
        }
    }

    @Test func blameNamesWhatMadeAFile() throws {
        try withScratchDirectory { scratch in
            let root = try CommandRoot(in: scratch, offering: [branded("brand", "one"), systemPackage("b")])
            try root.done("-y", "install", "brand")
            try root.done("-y", "install", "b")
            let text = try root.done("blame", "/usr/lib/os-release")
            #expect(text.contains("os-release, from /usr/lib/os-info.json") && text.contains("state 1"), "\(text)")
            let json = try root.done("blame", "/usr/lib/os-release", "--json")
            #expect(json.contains("\"made_by\":\"os-release\"") && json.contains("\"lib/os-info.json\""), "\(json)")
            try root.done("-y", "store", "rebuild")
            #expect(try root.done("blame", "/usr/lib/os-release") == text)
            #expect(try root.done("blame", "/usr/lib/os-info.json").contains("brand"))
        }
    }

    /// The description may be in a stone that was never unpacked, or in an object that is gone.
    @Test func whatIsMadeNeedsNoObject() throws {
        try withScratchDirectory { scratch in
            let root = try CommandRoot(in: scratch, offering: [branded("brand", "one"), systemPackage("b")])
            try root.done("-y", "install", "brand")
            let info = try Descriptor.openDirectory(root.root).readFile("usr/lib/os-info.json")
            let id = ObjectID(hashing: info).hexadecimal
            let shard = root.root.appending(".moss/objects").appending(BytePath(String(id.prefix(2))))
            try Descriptor.openDirectory(shard).unlink(BytePath(id))
            try root.done("-y", "install", "b")
            let release = try Descriptor.openDirectory(root.root).readFile("usr/lib/os-release")
            #expect(String(decoding: release, as: UTF8.self).hasPrefix("NAME=\"one\"\n"))
            #expect(try Descriptor.openDirectory(root.root).readFile("usr/lib/os-info.json") == info)
        }
    }
}
