import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("Locks between processes")
struct FileLockTests {
    @Test("the second one is told the first one's line, and has the lock when that ends")
    func holder() throws {
        try withScratchDirectory { path in
            let directory = try Descriptor.openDirectory(path)
            try holdAndTry(directory)
            _ = try FileLock(on: "lock", below: directory, holder: "third", wait: false)
            let text = try directory.readFile("lock")
            #expect(text == Array("third\n".utf8))
        }
    }

    private func holdAndTry(_ directory: borrowing Descriptor) throws {
        let first = try FileLock(on: "lock", below: directory, holder: "the first, a longer line", wait: false)
        do throws(FileLock.Failure) {
            _ = try FileLock(on: "lock", below: directory, holder: "second", wait: false)
            Issue.record("locked twice")
        } catch {
            guard case .held(let holder) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(holder == "the first, a longer line")
        }
        first.hold()
    }

    @Test("a killed holder holds nothing; one who waits has the lock then")
    func killed() throws {
        try withScratchDirectory { path in
            let file = path.appending("lock")
            let command = try Command("flock", ["-x", file, "sleep", "60"]).start()
            let directory = try Descriptor.openDirectory(path)
            var isHeld = false
            for _ in 0..<1000 where !isHeld {
                usleep(5_000)
                guard try directory.statusIfPresent(of: "lock") != nil else { continue }
                isHeld = !canLock(directory)
            }
            #expect(isHeld)
            command.signal(SIGKILL)
            _ = try command.wait()
            let lock = try FileLock(on: "lock", below: directory, holder: "next", wait: true)
            lock.hold()
        }
    }

    @Test("only its owner can open it, whatever an older version or the umask made of it")
    func mode() throws {
        try withScratchDirectory { path in
            let directory = try Descriptor.openDirectory(path)
            _ = try FileLock(on: "lock", below: directory, holder: "first", wait: false)
            #expect(try directory.status(of: "lock").permissions == 0o600)
            try directory.open("lock", .write).setMode(0o666)
            _ = try FileLock(on: "lock", below: directory, holder: "second", wait: false)
            #expect(try directory.status(of: "lock").permissions == 0o600)
        }
    }

    @Test("what is no file is named and left alone", arguments: ["directory", "fifo", "link", "dangling"])
    func strangeFiles(kind: String) throws {
        try withScratchDirectory { path in
            let directory = try Descriptor.openDirectory(path)
            try directory.replaceFile("other", with: [1, 2, 3])
            switch kind {
            case "directory": try directory.makeDirectory("lock")
            case "fifo": #expect(path.appending("lock").withCString { mkfifo($0, 0o600) } == 0)
            case "link": try directory.makeSymlink("lock", to: "other")
            default: try directory.makeSymlink("lock", to: "missing")
            }
            do throws(FileLock.Failure) {
                _ = try FileLock(on: "lock", below: directory, holder: "first", wait: true)
                Issue.record("taken")
            } catch {
                guard case .unusable("lock", _) = error else {
                    Issue.record("\(error)")
                    return
                }
            }
            #expect(try directory.readFile("other") == [1, 2, 3])
            #expect(try directory.statusIfPresent(of: "missing") == nil)
        }
    }

    private func canLock(_ directory: borrowing Descriptor) -> Bool {
        (try? FileLock(on: "lock", below: directory, holder: "try", wait: false)) != nil
    }
}
