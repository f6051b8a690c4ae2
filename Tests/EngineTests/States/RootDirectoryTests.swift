import BytePath
import LinuxSystem
import States
import TestSupport
import Testing

@Suite("Making and opening roots")
struct RootDirectoryTests {
    private func failure(_ body: () throws -> Void) -> StateError? {
        do {
            try body()
            return nil
        } catch {
            return error as? StateError
        }
    }

    @Test("a new, an empty and an interrupted one are made; a second time nothing happens")
    func initialise() throws {
        try withScratchDirectory { path in
            let root = path.appending("root")
            #expect(try RootDirectory.initialise(root))
            #expect(try !RootDirectory.initialise(root))
            let opened = try Descriptor.openDirectory(root)
            try opened.unlink(".moss/format")
            try opened.unlink("lib64")
            guard case .notARoot = failure({ _ = try RootDirectory(opening: root) }) else {
                Issue.record("opened without a format")
                return
            }
            #expect(try RootDirectory.initialise(root))
            #expect(try opened.readLink("lib64") == "usr/lib")
            _ = try RootDirectory(opening: root)
        }
    }

    @Test(
        "a directory with anything else in it is refused and left alone", arguments: ["file", "usr/x", "etc/x", "bin"])
    func notEmpty(name: String) throws {
        try withScratchDirectory { path in
            let directory = try Descriptor.openDirectory(path)
            if BytePath(name).components.count > 1 { try directory.makeDirectory(BytePath(name).parent) }
            try directory.replaceFile(BytePath(name), with: [1])
            guard case .notEmpty = failure({ _ = try RootDirectory.initialise(path) }) else {
                Issue.record("not refused")
                return
            }
            let left = try directory.entries()
            #expect(left.count == 1)
        }
    }

    @Test("another version's format is refused")
    func otherFormat() throws {
        try withScratchDirectory { path in
            let root = path.appending("root")
            _ = try RootDirectory.initialise(root)
            for text in ["moss root 3\nowners applied\n", "", "\u{0}", "moss root 10\n"] {
                try Descriptor.openDirectory(root).replaceFile(".moss/format", with: Array(text.utf8))
                guard case .unknownFormat = failure({ _ = try RootDirectory(opening: root) }) else {
                    Issue.record("\(text.debugDescription) was taken")
                    return
                }
            }
        }
    }

    @Test("root links are put right, a real directory in the way is refused")
    func links() throws {
        try withScratchDirectory { path in
            let path = path.appending("root")
            _ = try RootDirectory.initialise(path)
            let root = try RootDirectory(opening: path)
            try root.root.unlink("bin")
            try root.root.unlink("lib")
            try root.root.makeSymlink("lib", to: "elsewhere")
            try root.root.makeSymlink("sbin.next", to: "left over")
            try root.root.unlink("sbin")
            try root.repairLinks()
            let found = try ["bin", "sbin", "lib", "lib32", "lib64"].map { try root.root.readLink($0) }
            #expect(found == ["usr/bin", "usr/sbin", "usr/lib", "usr/lib32", "usr/lib"])
            try root.root.unlink("lib")
            try root.root.makeDirectory("lib")
            guard case .linkInTheWay(let where_) = failure({ try root.repairLinks() }) else {
                Issue.record("not refused")
                return
            }
            #expect(where_ == path.appending("lib"))
        }
    }

    @Test("the number of the live state is read strictly")
    func liveNumber() throws {
        try withScratchDirectory { path in
            let path = path.appending("root")
            _ = try RootDirectory.initialise(path)
            let root = try RootDirectory(opening: path)
            let texts: [(String, UInt64?)] = [
                ("12", 12), ("", nil), ("12 ", nil), ("-1", nil), ("0x1", nil), ("0", nil),
                ("\(UInt64.max)", nil), ("\(UInt64.max - 1)", nil), ("\(Int64.max)", nil),
                ("\(UInt64(1) << 62)", 1 << 62),
            ]
            for (text, number) in texts {
                try root.root.replaceFile("usr/.stateID", with: Array(text.utf8))
                #expect(try root.liveStateNumber() == number, "\(text.debugDescription)")
            }
            try root.root.unlink("usr/.stateID")
            #expect(try root.liveStateNumber() == nil)
        }
    }
}
