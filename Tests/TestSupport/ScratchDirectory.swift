package import BytePath
import Glibc
internal import LinuxSystem

/// Runs `body` with the path of a new empty directory that is removed afterwards, also when `body` throws.
///
/// With MOSS_KEEP_SCRATCH=1 in the environment the directory stays and its path is printed.
///
/// - Parameter inMemory: where nothing hangs on a disk, a file system in memory saves waiting for one.
package func withScratchDirectory<Result>(
    inMemory: Bool = false, _ body: (BytePath) throws -> Result
) throws -> Result {
    let path = try makeScratchDirectory(inMemory: inMemory)
    defer { removeScratchDirectory(path) }
    return try body(path)
}

/// As above, for a body that suspends.
package func withScratchDirectory<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (BytePath) async throws -> Result
) async throws -> Result {
    let path = try makeScratchDirectory()
    defer { removeScratchDirectory(path) }
    return try await body(path)
}

/// Makes an empty directory below TMPDIR, or /tmp.
func makeScratchDirectory(inMemory: Bool = false) throws(TestSupportError) -> BytePath {
    var parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    if inMemory, access("/dev/shm", W_OK | X_OK) == 0 { parent = "/dev/shm" }
    var template = Array("\(parent)/moss-test-\(getpid())-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
        throw TestSupportError("cannot make a scratch directory below \(parent)", errorNumber: errno)
    }
    return BytePath(template.dropLast().map { UInt8(bitPattern: $0) })
}

func removeScratchDirectory(_ path: BytePath) {
    if getenv("MOSS_KEEP_SCRATCH").map({ String(cString: $0) }) == "1" {
        print("kept \(path.display)")
        return
    }
    do throws(SystemError) {
        try Descriptor.openDirectory(path.parent).removeTree(path.lastComponent)
    } catch {
        print("cannot remove \(path.display): \(error)")
    }
}
