import BytePath
import Installation
import LinuxSystem
import Scratch
import TestSupport
import Testing
import ViewProcess

/// A directory that looks abandoned between being made and being locked may be taken away by somebody who clears up.
@Suite struct ScratchDirectoryTests {
    @Test func whatWasTakenAwayIsNotClaimed() throws {
        try withScratchDirectory { path in
            let parent = try Descriptor.openDirectory(path)
            #expect(try isClaimed("a", in: path) == false)
            try parent.makeDirectory("a")
            #expect(try isClaimed("a", in: path))
            // Who clears up has the lock until the directory is gone.
            var held: Descriptor? = try parent.openDirectory("a")
            let isLocked = try held?.lock(.exclusive)
            #expect(isLocked == true)
            let found = Guarded<Bool?>(nil)
            let isStarted = withSecondThread {
                let result = try? isClaimed("a", in: path)
                found.withLock { $0 = result }
            } _: {
                pause(milliseconds: 50)
                try? parent.removeDirectory("a")
                held = nil
            }
            #expect(isStarted)
            #expect(found.withLock { $0 } == false)
        }
    }

    private func isClaimed(_ name: BytePath, in path: BytePath) throws(SystemError) -> Bool {
        let parent = try Descriptor.openDirectory(path)
        return switch try ScratchDirectory.claim(name, in: parent) {
        case .some: true
        case .none: false
        }
    }
}
