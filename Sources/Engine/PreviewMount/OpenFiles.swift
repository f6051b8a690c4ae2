internal import LinuxSystem

/// Objects kept open between reads, few enough for the process's limit.
final class OpenFiles: Sendable {
    final class File: Sendable {
        let descriptor: Descriptor
        init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
    }

    private struct Table {
        var files: [UInt64: File] = [:]
        var order: [UInt64] = []
        var hand = 0
        /// How often all were closed.
        var round = 0
    }

    private let table = Guarded(Table())
    private let limit: Int

    /// - Parameter limit: how many files at most.
    init(limit: Int) {
        self.limit = max(4, min(limit, 256))
    }

    /// The open file of `key`; `open` is called without a lock where there is none, perhaps by several threads.
    func file(_ key: UInt64, _ open: () throws(SystemError) -> Descriptor) throws(SystemError) -> File {
        let (known, round) = table.withLock { ($0.files[key], $0.round) }
        if let known { return known }
        let file = File(try open())
        table.withLock { table in
            // What was opened before all were closed is for this once.
            guard table.round == round else { return }
            if table.files[key] == nil {
                if table.order.count < limit {
                    table.order.append(key)
                } else {
                    // Whoever still reads from the file that goes keeps it open until then.
                    table.files[table.order[table.hand]] = nil
                    table.order[table.hand] = key
                    table.hand = (table.hand + 1) % limit
                }
            }
            table.files[key] = file
        }
        return file
    }
    /// Closes all; who still reads from one keeps it open until then.
    func closeAll() {
        table.withLock { table in
            table.files = [:]
            table.order = []
            (table.hand, table.round) = (0, table.round + 1)
        }
    }
}
