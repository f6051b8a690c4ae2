import BytePath
import LinuxSystem
import TestSupport
import Testing

@Suite("Making files and directories")
struct MakingTests {
    /// Directories in which the kernel would make other things than those asked for.
    private static let parents: [(name: String, commands: [[BytePath]])] = [
        ("plain", []),
        ("set-group-id", [["chgrp", "100", "."], ["chmod", "2777", "."]]),
        ("default access list", [["setfacl", "-d", "-m", "u:1:rwx,g:2:rwx,o::rwx,m::rwx", "."]]),
    ]

    private func withParents(_ body: (borrowing Descriptor, BytePath, String) throws -> Void) throws {
        for (name, commands) in Self.parents {
            try withScratchDirectory { scratch in
                for command in commands {
                    var run = Command(command[0], Array(command.dropFirst()))
                    run.directory = scratch
                    try run.runSuccessfully()
                }
                try body(Descriptor.openDirectory(scratch), scratch, name)
            }
        }
    }

    private func expectOwn(_ status: FileStatus, _ mode: UInt32, _ what: String) {
        #expect(status.permissions == mode, "\(what): \(String(status.permissions, radix: 8))")
        #expect(status.uid == CurrentProcess.owner.uid && status.gid == CurrentProcess.owner.gid, "\(what)")
    }

    @Test("what is made has the mode that is named, this process's owner and no access list", .needsRoot)
    func exactly() throws {
        try withParents { directory, path, what in
            for mode: UInt32 in [0o755, 0o700, 0o1777] {
                try directory.makeDirectory("d", mode: mode)
                expectOwn(try directory.status(of: "d"), mode, "directory, \(what)")
                _ = try directory.openDirectory("d").makeFile("f", mode: 0o644)
                expectOwn(try directory.status(of: "d/f"), 0o644, "file in a directory, \(what)")
                let list = try Command("getfacl", ["-cps", path.appending("d"), path.appending("d/f")])
                    .runSuccessfully().outputText
                #expect(list.isEmpty, "\(what): \(list)")
                try directory.removeTree("d")
            }
            for mode: UInt32 in [0o644, 0o600, 0o444, 0o4755] {
                _ = try directory.makeFile("f", mode: mode)
                expectOwn(try directory.status(of: "f"), mode, "file, \(what)")
                #expect(throws: SystemError.self) { _ = try directory.makeFile("f") }
                try directory.unlink("f")
            }
            try directory.replaceFile("f", with: [1])
            expectOwn(try directory.status(of: "f"), 0o644, "replaced file, \(what)")
            try directory.makeSymlink("l", to: "f")
            #expect(try directory.status(of: "l").gid == CurrentProcess.owner.gid, "link, \(what)")
            for name: BytePath in ["f", "l"] { try directory.unlink(name) }
        }
    }

    @Test("numbers of a user namespace")
    func identifiers() {
        let whole = IdentifierMap(text: "         0          0 4294967295\n")
        #expect(whole.isWhole && !whole.isSingle && whole.contains(65534))
        let single = IdentifierMap(text: "         0       1000          1\n")
        #expect(!single.isWhole && single.isSingle && single.contains(0) && !single.contains(1))
        let container = IdentifierMap(text: "0 1000 1\n1 100000 65536\n")
        #expect(!container.isWhole && !container.isSingle && container.contains(65536) && !container.contains(65537))
        #expect(IdentifierMap(text: "").isSingle)
    }
}
