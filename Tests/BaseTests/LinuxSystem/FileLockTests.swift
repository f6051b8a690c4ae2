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

    private func canLock(_ directory: borrowing Descriptor) -> Bool {
        (try? FileLock(on: "lock", below: directory, holder: "try", wait: false)) != nil
    }
}
