import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Directories of the store that are gone, or something else: they are made again, and so is what was in them.
@Suite struct StoreDirectoryTests {
    enum Fault: CaseIterable {
        case oneIsGone, oneIsAFile, oneIsALink, allAreGone, allAreFiles, objectsIsGone, objectsIsAFile, packagesIsAPipe
    }

    /// A root with a package, and another one in its collection.
    private func withFault(_ fault: Fault, _ body: (MossFixture, _ moss: borrowing Descriptor) throws -> Void) throws {
        try MossFixture.run { fixture in
            try fixture.publish("editor") { $0.add(file: "bin/set-id", Array("set-id\n".utf8), mode: 0o4755) }
            try fixture.publish("tool")
            try fixture.prepare()
            try fixture.succeed("install", "-y", "editor")
            let moss = try Descriptor.openDirectory(fixture.root.appending(".moss"))
            try plant(fault, fixture, moss)
            try body(fixture, moss)
        }
    }

    private func plant(_ fault: Fault, _ fixture: MossFixture, _ moss: borrowing Descriptor) throws {
        let objects = try moss.openDirectory("objects")
        let all = try objects.entries().map(\.name)
        let used = try all.first { try $0 != "privileged" && !objects.openDirectory($0).entries().isEmpty }
        switch fault {
        case .oneIsGone, .oneIsAFile, .oneIsALink:
            let one = try #require(used)
            try objects.removeTree(one)
            if fault == .oneIsAFile { try objects.replaceFile(one, with: [1]) }
            if fault == .oneIsALink { try objects.makeSymlink(one, to: fixture.scratch) }
        case .allAreGone, .allAreFiles:
            for name in all {
                try objects.removeTree(name)
                if fault == .allAreFiles { try objects.replaceFile(name, with: [1]) }
            }
        case .objectsIsGone, .objectsIsAFile:
            try moss.removeTree("objects")
            if fault == .objectsIsAFile { try moss.replaceFile("objects", with: [1]) }
        case .packagesIsAPipe:
            try moss.removeTree("packages")
            let path = fixture.root.appending(".moss/packages")
            try #require(path.withCString { mkfifo($0, 0o644) } == 0)
        }
    }

    private func expectDirectories(_ moss: borrowing Descriptor, _ note: Comment) throws {
        for name in try moss.openDirectory("objects").entries().map(\.name) {
            let status = try moss.openDirectory("objects").status(of: name)
            #expect(status.kind == .directory, note)
            #expect(status.permissions == (name == "privileged" ? 0o700 : 0o755), note)
        }
        for name: BytePath in ["objects", "packages"] {
            let status = try moss.status(of: name)
            #expect(status.kind == .directory && status.permissions == 0o755, note)
        }
    }

    @Test(arguments: Fault.allCases) func areMadeAgainByARepair(fault: Fault) throws {
        try withFault(fault) { fixture, moss in
            // Whoever only looks at records needs none of them.
            try fixture.succeed("list", "installed", contains: "editor")
            let found = try fixture.command(["fsck"]).run()
            #expect(found.end == .exited(8) && found.errorText.isEmpty, "\(found.errorText)")
            #expect(found.outputText.contains("fsck --repair"))
            let repaired = try fixture.command(["fsck", "--repair"]).run()
            #expect(repaired.end == .exited(9) && repaired.errorText.isEmpty, "\(repaired.outputText)")
            try fixture.succeed("fsck", "--full", hasSuffix: "nothing is wrong.\n")
            try expectDirectories(moss, "\(fault)")
            try fixture.succeed("install", "-y", "tool")
            try fixture.succeed("fsck", "--full", hasSuffix: "nothing is wrong.\n")
        }
    }

    @Test(arguments: Fault.allCases) func areMadeAgainForAState(fault: Fault) throws {
        try withFault(fault) { fixture, _ in
            let result = try fixture.command(["state", "verify", "--repair"]).run()
            #expect(result.end == .exited(9) && result.errorText.isEmpty, "\(result.outputText)\(result.errorText)")
            try fixture.succeed("state", "verify", hasSuffix: "nothing is wrong.\n")
        }
    }

    @Test(arguments: Fault.allCases) func areMadeAgainByAChange(fault: Fault) throws {
        try withFault(fault) { fixture, moss in
            try fixture.succeed("install", "-y", "tool")
            try fixture.succeed("gc", "-y", "--verify")
            // The manifest of a package that is there already is for a repair to make.
            if fault != .packagesIsAPipe { try fixture.succeed("state", "verify", hasSuffix: "nothing is wrong.\n") }
            if fault != .allAreFiles { try expectDirectories(moss, "\(fault)") }
        }
    }
}
