import BytePath
import CollectionIndex
import CollectionSettings
import Downloads
import LinuxSystem
import Testing

@Suite struct RepositoriesConfigurationTests {
    private func entry(_ uri: String, priority: Int = 0, extra: String = "") -> String {
        "  description: \"x\"\n  uri: \"\(uri)\"\n  priority: \(priority)\n\(extra)"
    }

    @Test func laterFilesAndTheAdministratorWin() throws {
        try withRepositoryScratch { scratch in
            let vendor: BytePath = "root/usr/share/moss/repo.d"
            let local: BytePath = "root/etc/moss/repo.d"
            try scratch.write("a:\n" + entry("/vendor-z", priority: 5), to: vendor.appending("z.yaml"))
            try scratch.write("a:\n" + entry("/vendor-a") + "b:\n" + entry("/b"), to: vendor.appending("a.yaml"))
            try scratch.write("c:\n" + entry("/c1", priority: 9), to: local.appending("10.yaml"))
            try scratch.write(
                "c:\n" + entry("/c2", priority: 9, extra: "  active: false\n"), to: local.appending("20.yaml"))
            try scratch.write("ignored", to: local.appending("notes.txt"))
            var list = try scratch.manager.list().map { "\($0.configuration.id) \($0.configuration.uri)" }
            #expect(list == ["c /c2", "a /vendor-z", "b /b"])
            try scratch.write("a:\n" + entry("/mine"), to: local.appending("0.yaml"))
            list = try scratch.manager.list().map { "\($0.configuration.id) \($0.configuration.uri)" }
            #expect(list == ["c /c2", "a /mine", "b /b"])
            #expect(try scratch.manager.list().map(\.configuration.isActive) == [false, true, true])
        }
    }

    /// Each text, and what its error has to say.
    @Test(arguments: [
        ("a:\n  uri: [1]\n", "bad.yaml:2: uri has to be one value"),
        ("a: 3\n", "bad.yaml:1: expected the settings of a"),
        ("- a\n", "bad.yaml:1: expected a map"),
        ("a:\n  description: x\n  uri: /x\n  priority: -1\n", "bad.yaml:4: priority has to be a whole number"),
        ("a:\n  description: x\n  uri: /x\n  priority: 1\n  active: 7\n", "bad.yaml:5: active has to be true or false"),
        ("a:\n  uri: /x\n", "bad.yaml:1: a has no priority"), ("a:\n  priority: 1\n", "bad.yaml:1: a has no uri"),
        ("a:\n  description: x\n  colour: red\n", "bad.yaml:3: unknown setting \"colour\""),
        (
            "a:\n  priority: 1\n  base-uri: x\n  version: tag/a\n",
            "bad.yaml:3: \"x\": this is not of the form https://HOST/PATH"
        ),
        ("../a:\n  uri: x\n", "bad.yaml:1: \"../a\": a collection's name has"),
        ("a: {\n", "bad.yaml:"),
        ("a:\n  uri: x\n  uri: y\n", "bad.yaml:"),
        ("a: \u{0}\n", "bad.yaml"),
    ])
    func malformedFilesNameFileAndLine(text: String, message: String) throws {
        try withRepositoryScratch { scratch in
            try scratch.write(text, to: "root/etc/moss/repo.d/bad.yaml")
            let failure = repositoryFailure { try scratch.manager.list() }
            #expect(failure.contains(message), "\(failure)")
        }
    }

    @Test func emptyAndAbsentFilesAreFine() throws {
        try withRepositoryScratch { scratch in
            #expect(try scratch.manager.list().isEmpty)
            try scratch.write("# nothing yet\n", to: "root/etc/moss/repo.d/a.yaml")
            #expect(try scratch.manager.list().isEmpty)
        }
    }

    @Test(arguments: ["a", "A-b_9", String(repeating: "x", count: 64)])
    func goodIdentifiers(text: String) throws { #expect(try CollectionID(text).text == text) }

    @Test(arguments: ["", "-a", "a b", "a/b", "..", "ä", String(repeating: "x", count: 65)])
    func badIdentifiers(text: String) { #expect(throws: RepositoryError.self) { try CollectionID(text) } }

    @Test func textSurvivesWritingAndReading() throws {
        try withRepositoryScratch { scratch in
            for (number, text) in ["a \"b\" \\ c", "two\nlines\t", "ü: # [x]", "\u{85}\u{2028}\u{feff}", ""]
                .enumerated()
            {
                var configuration = try scratch.configuration("c\(number)", priority: UInt64.max)
                configuration.description = text
                try scratch.manager.files.store(configuration)
                let read = try scratch.manager.files.load().first { $0.id == configuration.id }
                #expect(read?.description == text)
                #expect(read?.priority == UInt64.max)
            }
        }
    }

    @Test func enablingKeepsTheFileOfTheDefinition() throws {
        try withRepositoryScratch { scratch in
            let local: BytePath = "root/etc/moss/repo.d"
            try scratch.write("b:\n" + entry("/b") + "z:\n" + entry("/z"), to: local.appending("site.yaml"))
            try scratch.manager.setActive(false, try CollectionID("b"))
            #expect(try scratch.manager.list().map(\.configuration.isActive) == [false, true])
            let names = try Descriptor.openDirectory(scratch.path.appending(local)).entries().map(\.name)
            #expect(names == ["site.yaml"])
            try scratch.manager.remove(try CollectionID("b"))
            try scratch.manager.remove(try CollectionID("z"))
            #expect(try Descriptor.openDirectory(scratch.path.appending(local)).entries().isEmpty)
            #expect(repositoryFailure { try scratch.manager.remove(CollectionID("z")) }.contains("no such collection"))
        }
    }

    @Test func whatAStoppedCommandLeftGoesWithTheNextChange() throws {
        try withRepositoryScratch { scratch in
            let local: BytePath = "root/etc/moss/repo.d"
            try scratch.write("a:\n" + entry("/a"), to: local.appending("a.yaml"))
            try scratch.write("b:\n", to: local.appending("b.yaml.next"))
            try scratch.write("mine", to: local.appending("notes.next"))
            try scratch.manager.setActive(false, CollectionID("a"))
            let names = try Descriptor.openDirectory(scratch.path.appending(local)).entries().map(\.name).sorted()
            #expect(names == ["a.yaml", "notes.next"])
        }
    }

    @Test func vendorCollectionsAreDisabledNotRemoved() throws {
        try withRepositoryScratch { scratch in
            try scratch.write("v:\n" + entry("/v"), to: "root/usr/share/moss/repo.d/v.yaml")
            let failure = repositoryFailure { try scratch.manager.remove(CollectionID("v")) }
            #expect(failure.contains("usr/share/moss/repo.d/v.yaml"))
            #expect(failure.contains("disable it"))
            try scratch.manager.setActive(false, try CollectionID("v"))
            #expect(try scratch.manager.list().map(\.configuration.isActive) == [false])
        }
    }
}
