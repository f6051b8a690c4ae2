import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// What is made has the mode that is named, whatever the mask; each mask in a process of its own.
@Suite struct FileModeMaskTests {
    private static func makeEverything(in directory: borrowing Descriptor, _ round: String) throws {
        for mode: UInt32 in [0o444, 0o555, 0o640, 0o666, 0o777] {
            let name = BytePath("file-\(round)-\(mode)")
            try SystemCalls.createExclusively(directory.raw, name, mode: mode).write([1])
            #expect(try directory.status(of: name).permissions == mode)
            let empty = BytePath("empty-\(round)-\(mode)")
            let status = try SystemCalls.createEmpty(
                directory.raw, Array(empty.bytes + [0]).map { CChar(bitPattern: $0) }, mode: mode, owner: nil,
                modified: 0)
            #expect(status.permissions == mode)
            let place = BytePath("directory-\(round)-\(mode)")
            let failure = place.withCString { SystemCalls.makeDirectory(directory.raw, $0, mode: mode) }
            #expect(failure == nil)
            #expect(try directory.status(of: place).permissions == mode)
            let made = BytePath("made-\(round)-\(mode)")
            _ = try directory.makeFile(made, mode: mode)
            #expect(try directory.status(of: made).permissions == mode)
        }
    }

    @Test func modesAreExact() async {
        await #expect(processExitsWith: .exitCode(7)) {
            try withScratchDirectory { scratch in
                let directory = try Descriptor.openDirectory(scratch)
                // As the caller left it, and nobody has said what it is.
                umask(0o077)
                try Self.makeEverything(in: directory, "inherited")
                CurrentProcess.setFileModeMask(0o777)
                try Self.makeEverything(in: directory, "nothing")
                CurrentProcess.prepareForRoots()
                try Self.makeEverything(in: directory, "all")
                CurrentProcess.setFileModeMask(0o022)
                try Self.makeEverything(in: directory, "usual")
            }
            exit(7)
        }
    }
}
