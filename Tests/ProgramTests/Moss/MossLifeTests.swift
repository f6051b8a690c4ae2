import BytePath
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// A root from its first day to its last, by the built program.
@Suite struct MossLifeTests {
    private func publishFirst(_ fixture: MossFixture) throws {
        try fixture.publish("editor", needs: [Capability(.name, "library")])
        try fixture.publish("library") { $0.add(link: "lib/liblibrary.so", to: "liblibrary.so.1") }
        try fixture.publish("tool")
    }

    @Test func theWholeLife() throws {
        try MossFixture.run { fixture in
            try publishFirst(fixture)
            try fixture.succeed("init", hasSuffix: "/root is a root now\n")
            try fixture.succeed("init", hasSuffix: "/root was a root already\n")
            #expect(
                try fixture.succeed("ar", "tests", "stones", "-p", "3", "-c", "of the tests") == "tests: 3 packages\n")
            try fixture.succeed("lr", contains: "priority 3")

            let plan = try fixture.succeed("it", "editor", "--dry-run")
            #expect(
                plan.contains("  editor   1.0-1  tests  asked for\n  library  1.0-1  tests  editor needs library\n"))
            #expect(try fixture.succeed("state", "active") == "There is no active state yet.\n")
            try fixture.succeed("it", "-y", "editor", hasSuffix: "State 1 is active: 2 packages.\n")
            #expect(try fixture.text(of: "usr/bin/editor") == "editor 1.0-1\n")

            try fixture.publish("editor", "2.0", release: 2, needs: [Capability(.name, "library")])
            #expect(try fixture.succeed("ls") == "")
            #expect(try fixture.succeed("ur") == "tests: 3 packages\n")
            #expect(try fixture.succeed("ls") == "editor  1.0-1  ->  2.0-2  tests\n")
            try fixture.succeed("up", "-y")
            #expect(try fixture.text(of: "usr/bin/editor") == "editor 2.0-2\n")
            try fixture.succeed("state", "diff", "1", "2", hasPrefix: "~  editor  1.0-1 -> 2.0-2\n")
            try fixture.succeed("state", "diff", "1", "2", "-f", contains: "\n~ /usr/bin/editor\n")

            try fixture.succeed("undo", "-y")
            #expect(try fixture.text(of: "usr/bin/editor") == "editor 1.0-1\n")
            try fixture.succeed("redo", "-y")
            #expect(try fixture.text(of: "usr/bin/editor") == "editor 2.0-2\n")

            try fixture.succeed("install", "-y", "tool")
            try fixture.succeed("rm", "-y", "editor")
            #expect(try fixture.succeed("li") == "tool  1.0-1  The tool of the tests\n")
            #expect(try fixture.exists("usr/bin/library") == false)

            try fixture.succeed("state", "prune", "-k", "2", "-y", contains: "Removed 2 states")
            try fixture.fail(3, "state", "query", "1")
            try fixture.succeed("state", "activate", "3", "-y")
            #expect(try fixture.text(of: "usr/bin/editor") == "editor 2.0-2\n")
            try fixture.succeed("state", "remove", "-y", "4")
            try fixture.succeed("tidy")
            #expect(try fixture.succeed("repo", "remove", "tests") == "tests: removed\n")
            #expect(try fixture.succeed("list", "explicit").split(separator: "\n").count == 2)
        }
    }

    /// A new version that cannot be installed keeps its package back, and nothing else.
    @Test func brokenPackagesAreKeptBackAndVersionsCanBeNamed() throws {
        try MossFixture.run { fixture in
            try publishFirst(fixture)
            try fixture.prepare()
            try fixture.succeed("install", "-y", "editor", "tool")
            try fixture.publish("editor", "2.0", release: 2, needs: [Capability(.name, "gone")])
            try fixture.publish("tool", "2.0", release: 2)
            try fixture.publish("library", "2.0", release: 2)
            try fixture.succeed("repo", "update")
            try fixture.succeed("upgrade", "-y", "tool")
            #expect(try fixture.text(of: "usr/bin/tool") == "tool 2.0-2\n")
            try fixture.fail(3, saying: "nothing provides tool@1.0 (similar: tool 2.0-2)", "install", "-y", "tool@1.0")
            #expect(try fixture.text(of: "usr/bin/tool") == "tool 2.0-2\n")
            #expect(try fixture.text(of: "usr/bin/library") == "library 1.0-1\n")
            let kept =
                "Kept back (1), as the new version cannot be installed:\n  editor 1.0-1, not 2.0-2: nothing provides gone"
            try fixture.succeed("up", "-y", contains: kept)
            #expect(try fixture.text(of: "usr/bin/editor") == "editor 1.0-1\n")
            #expect(try fixture.text(of: "usr/bin/library") == "library 2.0-2\n")
            let plan = try fixture.json("sync", "sync", "--dry-run")["plan"] as? [String: Any]
            let list = plan?["kept_back"] as? [[String: Any]]
            #expect(list?.first?["name"] as? String == "editor" && list?.first?["offered"] as? String == "2.0-2")
            try fixture.succeed("install", "-y", "tool@tests", hasPrefix: "Already installed: tool\nNothing to do.\n")
        }
    }

    @Test func everyJSONParsesAndHasItsSchema() throws {
        try MossFixture.run { fixture in
            try publishFirst(fixture)
            try fixture.json("init", "init")
            try fixture.json("repo add", "repo", "add", "tests", fixture.stones)
            #expect((try fixture.json("repo list", "lr")["collections"] as? [Any])?.count == 1)
            try fixture.json("repo update", "repo", "update", "tests")
            try fixture.json("repo disable", "repo", "disable", "tests")
            try fixture.json("repo enable", "collection", "enable", "tests")
            try fixture.json("install", "install", "--dry-run", "editor")
            let change = try fixture.json("install", "install", "-y", "editor")
            #expect((change["state"] as? [String: Any])?["number"] as? Int == 1)
            try fixture.json("install", "install", "-y", "tool")
            try fixture.json("list installed", "li")
            try fixture.json("list available", "la")
            try fixture.json("list explicit", "list", "explicit")
            try fixture.json("list sync", "ls")
            let info = try fixture.json("info", "info", "-f", "binary(none)", "editor", exit: 3)
            #expect(info["exit"] as? Int == 3 && info["code"] as? String == "notFound")
            #expect((try fixture.json("info", "info", "-f", "editor")["packages"] as? [Any])?.count == 1)
            try fixture.json("search", "search", "edi")
            try fixture.json("search-file", "sf", "/usr/bin/edi")
            try fixture.json("blame", "blame", "/usr/bin/editor")
            try fixture.json("fetch", "fetch", "editor")
            try fixture.json("state active", "state", "active")
            #expect((try fixture.json("state list", "state", "list")["states"] as? [Any])?.count == 2)
            try fixture.json("state query", "state", "query", "1")
            try fixture.json("state diff", "state", "diff", "1", "2", "-f")
            try fixture.json("undo", "undo", "-y")
            try fixture.json("redo", "redo", "-y")
            try fixture.json("state activate", "state", "activate", "1", "-y")
            try fixture.json("sync", "sync", "-y")
            try fixture.json("state remove", "state", "remove", "2", "-y")
            try fixture.json("state prune", "state", "prune", "-y")
            try fixture.json("remove", "remove", "-y", "editor")
            try fixture.json("inspect", "inspect", "--check", "editor-1.0-1-1-x86_64.stone")
            try fixture.json("extract", "extract", "editor-1.0-1-1-x86_64.stone")
            try fixture.json("index", "index", "stones")
            try fixture.json("version", "version")
            try fixture.json("tidy", "tidy")
            try fixture.json("repo remove", "repo", "remove", "tests")
            try fixture.json("", "no-such-command", exit: 2)
        }
    }

    @Test func questionsAboutAnInstalledPackage() throws {
        try MossFixture.run { fixture in
            try publishFirst(fixture)
            try fixture.prepare()
            try fixture.succeed("install", "-y", "editor")
            let info = try fixture.succeed("info", "library", "--files")
            #expect(info.contains("installed, transitive; available from tests"))
            #expect(info.contains("/usr/lib/liblibrary.so"))
            let blame = try fixture.succeed("blame", "/usr/bin/editor")
            #expect(blame.contains("editor 1.0-1") && blame.contains("state 1, ") && blame.contains("install editor"))
            #expect(try fixture.succeed("search", "EDIT") == "*  editor  1.0-1  The editor of the tests\n")
            #expect(try fixture.succeed("sr", "nothing like it") == "")
            #expect(try fixture.succeed("search", "-i", "tool") == "")
            #expect(
                try fixture.succeed("search-file", "/usr/bin/")
                    == "/usr/bin/editor   editor\n/usr/bin/library  library\n")
        }
    }

    @Test func fetchedStonesAreWholeAndExtracted() throws {
        try MossFixture.run { fixture in
            try publishFirst(fixture)
            try fixture.prepare()
            try Descriptor.openDirectory(fixture.scratch).makeDirectory("out")
            try fixture.succeed("fetch", "-o", "out", "library")
            let name: BytePath = "library-1.0-1-1-x86_64.stone"
            let scratch = try Descriptor.openDirectory(fixture.scratch)
            #expect(
                try scratch.readFile("out/library-1.0-1-1-x86_64.stone")
                    == Descriptor.openDirectory(fixture.stones).readFile(name))
            try fixture.succeed("extract", "-o", "out", "out/library-1.0-1-1-x86_64.stone")
            let top: BytePath = "out/library-1.0-1.x86_64/usr"
            #expect(try scratch.readFile(top.appending("bin/library")) == Array("library 1.0-1\n".utf8))
            #expect(try scratch.status(of: top.appending("bin/library")).permissions == 0o755)
            #expect(try scratch.readLink(top.appending("lib/liblibrary.so")) == "liblibrary.so.1")
            try fixture.fail(1, saying: "exists already", "extract", "-o", "out", "out/library-1.0-1-1-x86_64.stone")
        }
    }

    @Test func aFetchedStoneThatIsNotThePromisedOneIsNotKept() throws {
        try MossFixture.run { fixture in
            try publishFirst(fixture)
            try fixture.succeed("init")
            try fixture.succeed("index", "stones")
            try fixture.succeed("repo", "add", "tests", fixture.stones)
            let directory = try Descriptor.openDirectory(fixture.stones)
            let name: BytePath = "tool-1.0-1-1-x86_64.stone"
            var bytes = try directory.readFile(name)
            bytes[bytes.count - 1] ^= 1
            try Descriptor.openDirectory(fixture.scratch).makeDirectory("out")
            // Of the promised size, and longer.
            for wrong in [bytes, bytes + [0]] {
                try directory.replaceFile(name, with: wrong)
                let promise = "not the stone that the index of tests promises"
                try fixture.fail(1, saying: promise, "fetch", "-o", "out", "tool")
                #expect(
                    try fixture.json("fetch", "fetch", "-o", "out", "tool", exit: 1)["code"] as? String
                        == "invalidStone")
                let left = TestFiles.names(in: fixture.scratch.appending("out").display)
                #expect(left?.filter { $0 != "." && $0 != ".." } == [])
            }
        }
    }

    /// The file has the name the collection gives it, where that is the name of a stone.
    @Test func fetchedStonesKeepTheirNames() throws {
        try MossFixture.run { fixture in
            for name in ["one", "two", "three"] { try fixture.publish(name) }
            let stones = try Descriptor.openDirectory(fixture.stones)
            try stones.makeDirectory("pool")
            let pool = try stones.openDirectory("pool")
            let long = BytePath(String(repeating: "l", count: 249) + ".stone")
            try stones.rename("one-1.0-1-1-x86_64.stone", to: long)
            try stones.rename("two-1.0-1-1-x86_64.stone", to: long, below: pool)
            try stones.rename("three-1.0-1-1-x86_64.stone", to: ".x.stone")
            try fixture.prepare()
            let out = try Descriptor.openDirectory(fixture.scratch)
            try out.makeDirectory("out")
            try fixture.succeed("fetch", "-o", "out", "one", "two", "three")
            let names = try out.openDirectory("out").entries().map(\.name).sorted()
            // The second of one name, and a hidden one, are called after what is in them.
            #expect(names == [long, "three-1.0-1-1-x86_64.stone", "two-1.0-1-1-x86_64.stone"])
        }
    }

    /// Another build of the same release: what a sync would take is listed, and said to be only that.
    @Test func anotherBuildOfOneReleaseIsListed() throws {
        try MossFixture.run { fixture in
            try fixture.publish("tool") { $0.add(file: "share/tool", [1]) }
            try fixture.prepare()
            try fixture.succeed("install", "-y", "tool")
            #expect(try fixture.succeed("list", "sync") == "")
            try fixture.publish("tool") { $0.add(file: "share/tool", [2]) }
            try fixture.succeed("repo", "update")
            #expect(try fixture.succeed("list", "sync") == "tool  1.0-1  ->  1.0-1  tests  another build\n")
            #expect(try fixture.succeed("list", "sync", "--upgrade-only") == "")
            try fixture.succeed("sync", "--dry-run", contains: "tool  1.0-1  ->  1.0-1  tests")
            try fixture.succeed("sync", "-y")
            #expect(try fixture.succeed("list", "sync") == "")
        }
    }

    /// The plan is made from what the stone says; where that is not what the index says, there is none.
    @Test func aPlanShowsNoOtherPackageThanThePromisedOne() throws {
        try MossFixture.run { fixture in
            try fixture.publish("tool", "1.0")
            try fixture.succeed("init")
            try fixture.succeed("index", "stones")
            try fixture.succeed("repo", "add", "tests", fixture.stones)
            try fixture.publish("tool", "6.0")
            let directory = try Descriptor.openDirectory(fixture.stones)
            try directory.rename("tool-6.0-1-1-x86_64.stone", to: "tool-1.0-1-1-x86_64.stone")
            let text = try fixture.fail(
                1, saying: "not the stone that the index of tests promises", "install", "--dry-run", "tool")
            #expect(!text.contains("6.0"))
        }
    }

    @Test func pathsThatAreNoTextAreShownAndFound() throws {
        try MossFixture.run { fixture in
            let path = BytePath(bytes: Array("share/odd".utf8) + [0xff])
            try fixture.publish("odd") { $0.add(file: path, [1]) }
            try fixture.prepare()
            try fixture.succeed("install", "-y", "odd")
            let blamed = try fixture.moss("blame", BytePath("/usr").appending(path), "--json")
            #expect(blamed.outputText.contains("\"path_bytes\":\"73686172652f6f6464ff\""))
            try fixture.succeed("info", "-f", "odd", contains: "/usr/share/odd\\xff")
        }
    }

    @Test func aListThatNobodyReadsEndsQuietly() throws {
        try MossFixture.run { fixture in
            try publishFirst(fixture)
            try fixture.prepare()
            let script = "trap '' PIPE; \"$0\" -D \"$1\" list available --json | true; echo ${PIPESTATUS[0]}"
            let result = try Command("bash", ["-c", BytePath(script), BuiltProduct.moss.path, fixture.root]).run()
            #expect(result.outputText == "0\n" && result.errorText == "")
        }
    }
}
