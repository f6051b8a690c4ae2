internal import LinuxSystem

/// The environments this process has open, by the inode of their directory.
///
/// LMDB's locks belong to the process: a second environment on the same files would silently drop the first one's.
enum EnvironmentRegistry {
    struct Identity: Hashable, Sendable {
        let device: UInt64
        let inode: UInt64
    }

    private static let open = Guarded<Set<Identity>>([])

    /// False where the environment is open already.
    static func add(_ identity: Identity) -> Bool {
        open.withLock { $0.insert(identity).inserted }
    }

    static func remove(_ identity: Identity) {
        open.withLock { _ = $0.remove(identity) }
    }
}
