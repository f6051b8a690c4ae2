internal import BytePath
internal import FileTree
internal import LinuxSystem

/// Directories whose mode can be set only once they are filled: those their owner may not write to, which stop
/// everyone but root, and those with special bits, which mkdir ignores.
final class RestrictedDirectories: Sendable {
    private let modes = Guarded<[(path: BytePath, mode: UInt32)]>([])

    /// The mode to make the directory with; the final one is noted if it differs.
    func initialMode(_ record: EntryRecord, at path: BytePath) -> UInt32 {
        let mode = record.mode
        if mode & 0o700 == 0o700 && mode & 0o7000 == 0 { return mode }
        let whole = path.appending(BytePath(bytes: Array(record.name)))
        modes.withLock { $0.append((whole, mode)) }
        return (mode | 0o700) & 0o777
    }

    /// Sets the final modes, deepest directories first. All of them are filled, and so in the fingerprint.
    func apply(below root: borrowing Descriptor, _ fingerprint: TreeFingerprint) throws(BlitError) {
        for (path, mode) in modes.withLock({ $0 }).sorted(by: { $0.path > $1.path }) {
            do throws(SystemError) {
                fingerprint.subtract(path, try root.status(of: path))
                try root.setMode(mode, within: path)
                fingerprint.add(path, try root.status(of: path))
            } catch {
                throw .system(error)
            }
        }
    }
}
