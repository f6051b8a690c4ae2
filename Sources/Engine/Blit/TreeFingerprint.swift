package import BytePath
internal import Digests
package import LinuxSystem
internal import Synchronization

/// Tells a tree on disk from the same tree after somebody changed it, by the change times of its directories and empty
/// files, places to mount on included.
///
/// Every way to add, remove, rename or replace an entry, and every change of a directory's mode, owner, attributes or
/// flags, sets the change time of a directory to what the clock says. The clock may stand in the past, so times are
/// compared for being the same, not for being older. It is a sum over paths, so that a patch costs what it touches.
package final class TreeFingerprint: Sendable {
    private let sum = Atomic<UInt64>(0)

    package init() {}

    package var value: UInt64 { sum.load(ordering: .relaxed) }

    package func add(_ path: BytePath, _ status: FileStatus) {
        sum.wrappingAdd(Self.term(path, status.changed), ordering: .relaxed)
    }

    package func subtract(_ path: BytePath, _ status: FileStatus) {
        sum.wrappingSubtract(Self.term(path, status.changed), ordering: .relaxed)
    }

    private static func term(_ path: BytePath, _ changed: Int64) -> UInt64 {
        let name = path.bytes.withUnsafeBytes { xxh3Digest64($0) }
        return withUnsafeBytes(of: (name, changed)) { xxh3Digest64($0) }
    }
}
