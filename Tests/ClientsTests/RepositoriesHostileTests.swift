import BytePath
import CollectionIndex
import CollectionSettings
import Downloads
import Glibc
import LinuxSystem
import PackageModel
import Publishing
import StoneFormat
import TestSupport
import Testing

/// Collections that are not what they should be: what is there in a file's place, odd addresses, and what packages ship.
@Suite struct RepositoriesHostileTests {
    // MARK: Only files are read

    enum Stranger: String, CaseIterable, Sendable {
        case pipe, linkToPipe, device, linkToDevice, directory, socket

        func put(at path: BytePath) throws {
            switch self {
            case .pipe: try #require(path.withCString { mkfifo($0, 0o644) } == 0)
            case .linkToPipe:
                try Stranger.pipe.put(at: BytePath("\(path).target"))
                try #require(symlink("\(path).target", "\(path)") == 0)
            case .device: try #require(path.withCString { mknod($0, S_IFCHR | 0o644, 0x105) } == 0)  // zero
            case .linkToDevice: try #require(symlink("/dev/zero", "\(path)") == 0)
            case .directory: try #require(path.withCString { mkdir($0, 0o755) } == 0)
            case .socket: try #require(path.withCString { mknod($0, S_IFSOCK | 0o644, 0) } == 0)
            }
        }
    }

    @Test(.needsRoot, .timeLimit(.minutes(1)), arguments: Stranger.allCases)
    func whatIsNoFileIsRefused(stranger: Stranger) throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("a", file: "a.stone")
            try CollectionIndexer(directory: scratch.stones).writeIndex(options: .fast)
            _ = try scratch.manager.add(scratch.configuration("site"))
            let registry = try scratch.manager.registry()
            let package = try #require(try registry.packages(named: "a").first)
            let directory = try Descriptor.openDirectory(scratch.stones)
            for name: BytePath in ["a.stone", "stone.index"] {
                try directory.unlink(name)
                try stranger.put(at: scratch.stones.appending(name))
            }
            let refusal = "where a regular file has to be"
            #expect(repositoryFailure { _ = try registry.open(package) }.contains(refusal))
            #expect(repositoryFailure { try scratch.manager.refresh(CollectionID("site")) }.contains(refusal))
            // As the address itself a directory is fine, and this one is empty.
            guard stranger != .directory else { return }
            let itself = try scratch.configuration("x", uri: scratch.stones.appending("stone.index"))
            #expect(repositoryFailure { try scratch.manager.add(itself) }.contains(refusal))
        }
    }

    @Test func stonesOfAnotherSizeAreNotOpened() throws {
        try withRepositoryScratch { scratch in
            let bytes = try scratch.stone("a", file: "a.stone")
            try CollectionIndexer(directory: scratch.stones).writeIndex(options: .fast)
            _ = try scratch.manager.add(scratch.configuration("site"))
            let registry = try scratch.manager.registry()
            let package = try #require(try registry.packages(named: "a").first)
            try scratch.write(bytes + [0], to: "stones/a.stone")
            let text = repositoryFailure { _ = try registry.open(package) }
            #expect(text.contains("not the stone that the index of site promises"), "\(text)")
            #expect(text.contains("a.stone"), "\(text)")
        }
    }

    // MARK: Addresses

    @Test(arguments: [
        ("/srv/stones", "/srv/stones"), ("stones", "/here/stones"), ("./a:b", "/here/./a:b"),
        ("file:/srv/x", "file:/srv/x"), ("FILE:///srv/x", "FILE:///srv/x"),
        ("file://localhost/x", "file://localhost/x"),
        ("https://example.org/x", "https://example.org/x"),
    ])
    func addressesAreUnderstood(text: String, uri: String) throws {
        #expect(try CollectionAddress.uri(text, relativeTo: "/here") == uri)
    }

    @Test(arguments: [
        "", "file:", "file://", "file:stones", "file://host/x", "file:///a?b", "file:///%00", "file:///%z",
    ])
    func oddAddressesAreRefused(text: String) throws {
        #expect(throws: RepositoryError.self) { try CollectionAddress.uri(text, relativeTo: "/here") }
    }

    @Test func pathsThatAreNoTextBecomeURLs() throws {
        try withRepositoryScratch { scratch in
            let name = BytePath(bytes: [0x64, 0xe9, 0xff])
            let path = scratch.path.appending(name)
            try Descriptor.openDirectory(scratch.path).rename("stones", to: name)
            try Descriptor.openDirectory(scratch.path).makeDirectory("stones")
            try scratch.stone("a", file: "a.stone")
            try Descriptor.openDirectory(scratch.stones).rename(
                "a.stone", to: "a.stone", below: Descriptor.openDirectory(path))
            var configuration = try scratch.configuration("site")
            configuration.uri = try CollectionAddress.uri("x", relativeTo: path).replacing("/x", with: "")
            #expect(configuration.uri.hasPrefix("file:///") && configuration.uri.hasSuffix("d%E9%FF"))
            #expect(try scratch.manager.add(configuration).packageCount == 1)
        }
    }

    // MARK: What packages ship

    private static let vendor: BytePath = "root/usr/share/moss/repo.d"

    enum Broken: String, CaseIterable, Sendable {
        case noYAML, deep, manyAliases, notUTF8, noMap, unknownSetting, tooLarge, pipe, device, directory, dangling,
            loop

        func put(in scratch: RepositoryScratch) throws {
            try scratch.write("", to: vendor.appending("other.txt"))
            let place = scratch.path.appending(vendor)
            switch self {
            case .noYAML: try write("a: [\n", scratch)
            case .deep: try write(String(repeating: "[", count: 500_000), scratch)
            case .manyAliases:
                let lines = (1..<12).map {
                    "l\($0): &l\($0) [\(Array(repeating: "*l\($0 - 1)", count: 9).joined(separator: ","))]\n"
                }
                try write("l0: &l0 [x,x,x]\n" + lines.joined(), scratch)
            case .notUTF8: try scratch.write([0x61, 0xff, 0x3a], to: vendor.appending("x.yaml"))
            case .noMap: try write("- a\n", scratch)
            case .unknownSetting: try write("a: {description: d, uri: /x, priority: 1, more: 2}\n", scratch)
            case .tooLarge: try write("a:\n" + String(repeating: " ", count: 1 << 20), scratch)
            case .pipe: try Stranger.pipe.put(at: place.appending("x.yaml"))
            case .device: try Stranger.linkToDevice.put(at: place.appending("x.yaml"))
            case .directory: try Stranger.directory.put(at: place.appending("x.yaml"))
            case .dangling: try Descriptor.openDirectory(place).makeSymlink("x.yaml", to: "nowhere")
            case .loop: try Descriptor.openDirectory(place).makeSymlink("x.yaml", to: "x.yaml")
            }
        }

        private func write(_ text: String, _ scratch: RepositoryScratch) throws {
            try scratch.write(text, to: vendor.appending("x.yaml"))
        }
    }

    /// No package can take the collections away, and with them the way to remove that package.
    @Test(.timeLimit(.minutes(1)), arguments: Broken.allCases)
    func brokenVendorFilesAreLeftOut(broken: Broken) throws {
        try withRepositoryScratch { scratch in
            try broken.put(in: scratch)
            try scratch.write("good: {description: d, uri: /good, priority: 1}\n", to: Self.vendor.appending("y.yaml"))
            try scratch.stone("a")
            let notices = Guarded<[String]>([])
            let manager = CollectionManager(locally: scratch.root, scratch.database) { text in
                notices.withLock { $0.append(text) }
            }
            _ = try manager.add(scratch.configuration("site"))
            #expect(try manager.list().map(\.configuration.id.text) == ["good", "site"])
            #expect(try manager.registry().all().map(\.name) == ["a"])
            let told = notices.withLock { $0 }
            #expect(told.count == 1 && told.allSatisfy { $0.contains("x.yaml") && $0.contains("left out") }, "\(told)")
            // What it defined may be among what is stored: nothing of that is taken for left over.
            #expect(try manager.staleContents().isEmpty)
        }
    }

    @Test func aVendorDirectoryThatIsNoneIsLeftOut() throws {
        try withRepositoryScratch { scratch in
            try scratch.write("", to: "root/usr/share/moss/repo.d")
            try scratch.stone("a")
            _ = try scratch.manager.add(scratch.configuration("site"))
            #expect(try scratch.manager.list().count == 1)
        }
    }

    /// The administrator's own file is theirs to repair, and is not passed over.
    @Test func theAdministratorsFilesAreNotLeftOut() throws {
        try withRepositoryScratch { scratch in
            try scratch.write("a: [\n", to: "root/etc/moss/repo.d/x.yaml")
            let text = repositoryFailure { try scratch.manager.list() }
            #expect(text.contains("etc/moss/repo.d/x.yaml:"), "\(text)")
        }
    }
}
