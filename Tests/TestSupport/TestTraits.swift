import Glibc
package import Testing

extension Trait where Self == ConditionTrait {
    /// Skips where images cannot be mounted, and says why.
    package static var needsLoopDevices: Self {
        .enabled(
            if: LoopFileSystem.obstacle == nil, "skipped: needs root and loop devices; \(LoopFileSystem.obstacle ?? "")"
        )
    }

    /// Skips where images of btrfs cannot be mounted, and says why.
    package static var needsBtrfs: Self {
        .enabled(if: LoopFileSystem.btrfsObstacle == nil, "skipped: needs btrfs; \(LoopFileSystem.btrfsObstacle ?? "")")
    }

    /// Skips unless run by root.
    package static var needsRoot: Self {
        .enabled(if: geteuid() == 0, "skipped: needs root")
    }

    /// Takes minutes: runs with `tools/test --long` only.
    package static var long: Self {
        .enabled(
            if: getenv("MOSS_LONG_TESTS").map { String(cString: $0) } == "1", "skipped: runs with tools/test --long")
    }
}
