internal import LinuxSystem

/// Gives every bucket name of the process a small number, so that a transaction finds a handle by indexing an array.
enum BucketNames {
    private struct Known: Sendable {
        var names: [[UInt8]] = []
        var indices: [[UInt8]: Int] = [:]
    }

    private static let known = Guarded(Known())

    static func index(of name: [UInt8]) -> Int {
        known.withLock { known in
            if let index = known.indices[name] { return index }
            precondition(
                (1...511).contains(name.count) && !name.contains(0), "a bucket name has 1 to 511 bytes and no NUL")
            known.names.append(name)
            known.indices[name] = known.names.count - 1
            return known.names.count - 1
        }
    }

    /// The name without a terminating NUL.
    static func name(of index: Int) -> [UInt8] {
        known.withLock { $0.names[index] }
    }

    static func display(_ index: Int) -> String {
        String(decoding: name(of: index), as: UTF8.self)
    }
}
