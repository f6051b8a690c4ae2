import BytePath
import CollectionIndex
import CollectionSettings
import Downloads
import LinuxSystem
import Testing

/// Which file's word counts, and which file is written.
@Suite struct RepositoriesPrecedenceTests {
    private static let etc: BytePath = "root/etc/moss"
    private static let vendor: BytePath = "root/usr/share/moss"

    /// By rising precedence; of those with one stem the YAML is not read at all.
    private static let order: [BytePath] = [
        vendor.appending("repo.yaml"), vendor.appending("repo.kdl"), vendor.appending("repo.d/a.yaml"),
        vendor.appending("repo.d/a.kdl"),
        vendor.appending("repo.d/b.yaml"), etc.appending("repo.yaml"), etc.appending("repo.kdl"),
        etc.appending("repo.d/a.yaml"),
        etc.appending("repo.d/a.kdl"), etc.appending("repo.d/b.yaml"), etc.appending("repo.d/b.kdl"),
    ]

    private func text(_ id: String, _ uri: String, for path: BytePath) -> String {
        path.display.hasSuffix(".kdl")
            ? "\(id) {\n    uri \"\(uri)\"\n    priority 1\n}\n" : "\(id):\n  uri: \(uri)\n  priority: 1\n"
    }

    private func shown(_ scratch: RepositoryScratch) throws -> [String] {
        try scratch.manager.list().map { "\($0.configuration.id) \($0.configuration.uri)" }
    }

    private func exists(_ path: BytePath, _ scratch: RepositoryScratch) throws -> Bool {
        try Descriptor.openDirectory(scratch.path).statusIfPresent(of: path) != nil
    }

    /// Of any two files that define one collection, the one that comes later wins, whichever was there first.
    @Test func theLaterOfAnyTwoWins() throws {
        for (place, low) in Self.order.enumerated() {
            for high in Self.order[(place + 1)...] {
                try withRepositoryScratch { scratch in
                    try scratch.write(text("c", "/high", for: high), to: high)
                    try scratch.write(text("c", "/low", for: low), to: low)
                    #expect(try shown(scratch) == ["c /high"], "\(low) against \(high)")
                }
            }
        }
    }

    @Test func ofOnePathTheOneInYAMLIsNotRead() throws {
        try withRepositoryScratch { scratch in
            for stem in ["repo", "repo.d/a"] {
                try scratch.write("broken: [", to: Self.etc.appending("\(stem).yaml"))
                let kdl = Self.etc.appending("\(stem).kdl")
                try scratch.write(text(stem == "repo" ? "x" : "y", "/\(stem)", for: kdl), to: kdl)
            }
            try scratch.write(text("z", "/z", for: "z.yaml"), to: Self.etc.appending("repo.d/a.b.yaml"))
            #expect(try shown(scratch) == ["x /repo", "y /repo.d/a", "z /z"])
            // Others are none of ours.
            for name in [
                "other.kdl", "repo.yml", ".repo.kdl", "repo.d/.a.kdl", "repo.d/kdl", "repo.d/b.kdl.next", "REPO.kdl",
            ] {
                try scratch.write("broken {", to: Self.etc.appending(name))
            }
            #expect(try shown(scratch).count == 3)
        }
    }

    @Test func whatIsStoredStaysInItsFileAndLanguage() throws {
        try withRepositoryScratch { scratch in
            let site = Self.etc.appending("repo.d/site.kdl")
            let other = "// mine\n" + text("o", "/o", for: "x.kdl")
            try scratch.write(text("a", "/a", for: site) + text("b", "/b", for: site), to: site)
            try scratch.write(other, to: Self.etc.appending("repo.d/other.kdl"))
            try scratch.write(text("r", "/r", for: "repo.kdl"), to: Self.etc.appending("repo.kdl"))
            try scratch.manager.setActive(false, try CollectionID("b"))
            try scratch.manager.setActive(false, try CollectionID("r"))
            let read = { (path: BytePath) in
                String(decoding: try Descriptor.openDirectory(scratch.path).readFile(path, limit: 4096), as: UTF8.self)
            }
            let expected = """
                a {
                    description ""
                    uri "/a"
                    priority 1
                    active #true
                }
                b {
                    description ""
                    uri "/b"
                    priority 1
                    active #false
                }

                """
            #expect(try read(site) == expected)
            #expect(try read(Self.etc.appending("repo.d/other.kdl")) == other)
            #expect(try read(Self.etc.appending("repo.kdl")).contains("active #false"))
            #expect(
                try scratch.manager.list().filter { !$0.configuration.isActive }.map(\.configuration.id.text) == [
                    "b", "r",
                ])
            // A new one is written as ever, unless that would not be read.
            try scratch.manager.files.store(scratch.configuration("new"))
            #expect(try read(Self.etc.appending("repo.d/new.yaml")).hasPrefix("\"new\":\n"))
            try scratch.manager.files.store(scratch.configuration("site"))
            #expect(try !exists(Self.etc.appending("repo.d/site.yaml"), scratch) && read(site).contains("site {"))
            #expect(try scratch.manager.list().count == 6)
        }
    }

    /// What a file in KDL kept from being read does not come back with the removal of what it defined.
    @Test func removingDoesNotBringBackWhatWasCovered() throws {
        try withRepositoryScratch { scratch in
            for name in ["repo.yaml", "repo.kdl", "repo.d/a.yaml", "repo.d/a.kdl", "repo.d/b.kdl"] {
                let path = Self.etc.appending(BytePath(name))
                try scratch.write(text("c", "/\(name)", for: path), to: path)
            }
            try scratch.manager.remove(try CollectionID("c"))
            #expect(try shown(scratch).isEmpty)
            #expect(
                try exists(Self.etc.appending("repo.d/a.yaml"), scratch)
                    && exists(Self.etc.appending("repo.yaml"), scratch))
            #expect(try !exists(Self.etc.appending("repo.d/b.kdl"), scratch))
            #expect(repositoryFailure { try scratch.manager.remove(CollectionID("c")) }.contains("no such collection"))
        }
    }

    @Test func whatAStoppedCommandLeftInTheUpperDirectoryGoesIfItIsOurs() throws {
        try withRepositoryScratch { scratch in
            try scratch.write(text("c", "/c", for: "x.kdl"), to: Self.etc.appending("repo.kdl"))
            for name in ["repo.kdl.next", "repo.yaml.next", "retention.yaml.next"] {
                try scratch.write("x", to: Self.etc.appending(BytePath(name)))
            }
            try scratch.manager.setActive(false, try CollectionID("c"))
            let names = try Descriptor.openDirectory(scratch.path.appending(Self.etc)).entries().map(\.name).sorted()
            #expect(names == ["repo.kdl", "retention.yaml.next"])
        }
    }

    @Test(arguments: ["repo.yaml", "repo.kdl", "repo.d/x.kdl"] as [BytePath])
    func brokenFilesOfTheVendorAreLeftOutAndOthersAreNot(name: BytePath) throws {
        try withRepositoryScratch { scratch in
            try scratch.write("a {{ [", to: Self.vendor.appending(name))
            try scratch.write(text("c", "/c", for: "x.kdl"), to: Self.vendor.appending("repo.d/y.kdl"))
            let notices = Guarded<[String]>([])
            let manager = CollectionManager(locally: scratch.root, scratch.database) { text in
                notices.withLock { $0.append(text) }
            }
            #expect(try manager.list().map(\.configuration.id.text) == ["c"])
            #expect(
                notices.withLock {
                    $0.count == 1 && $0[0].contains("usr/share/moss/\(name):1: ") && $0[0].contains("left out")
                })
            let failure = repositoryFailure { try scratch.manager.remove(CollectionID("c")) }
            #expect(failure.contains("usr/share/moss/repo.d/y.kdl") && failure.contains("disable it"))
            try scratch.write("\na {{ [", to: Self.etc.appending(name))
            let text = repositoryFailure { try scratch.manager.list() }
            #expect(text.contains("etc/moss/\(name):2: "), "\(text)")
        }
    }
}
