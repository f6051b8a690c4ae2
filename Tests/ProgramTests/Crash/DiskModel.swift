/// What a file system promises about changes that no call has made durable.
enum DiskModel: String, CaseIterable, Sendable {
    /// Names and attributes reach the disk in the order in which they changed, as with a journal, and `fsync` of a file
    /// takes along everything up to that file's last change. Contents of files come on their own.
    case journaled
    /// Nothing is ordered but by syncs: any change may reach the disk before any other. `fsync` of a file covers its
    /// bytes and attributes, `fsync` of a directory the names in it.
    case unordered

    /// For each step of `history` the event after which it is on disk whatever happens; `Int.max` for never.
    ///
    /// - Parameter dropped: numbers of syncs that do nothing.
    func durability(of history: DiskHistory, without dropped: Set<Int> = []) -> [Int] {
        var durable = [Int](repeating: .max, count: history.steps.count)
        for (number, sync) in history.syncs.enumerated() where !dropped.contains(number) {
            let count = history.steps.firstIndex { $0.event > sync.event } ?? history.steps.count
            for step in covered(by: sync.scope, history.steps[..<count]) where durable[step] == .max {
                durable[step] = sync.event
            }
        }
        return durable
    }

    /// The steps before a sync that it makes durable.
    private func covered(
        by scope: DiskHistory.Sync.Scope, _ steps: ArraySlice<DiskHistory.Step>
    ) -> [Int] {
        switch scope {
        case .everything: return Array(steps.indices)
        case .step(let step): return [step]
        case .file(let file), .data(let file):
            var isDataOnly = false
            if case .data = scope { isDataOnly = true }
            if self == .unordered {
                return steps.indices.filter { Self.isCovered(steps[$0].change, file, isDataOnly) }
            }
            // The journal is written up to the file's last change.
            let last = steps.lastIndex { step in
                if isDataOnly, case .attributes = step.change { return false }
                return !step.isData && step.touched.contains(file)
            }
            return steps.indices.filter { index in
                steps[index].isData ? steps[index].touched.contains(file) : index <= last ?? -1
            }
        }
    }

    private static func isCovered(_ change: DiskHistory.Change, _ file: Int, _ isDataOnly: Bool) -> Bool {
        switch change {
        // A change of two names happens as one, so syncing one of the directories is enough.
        case .entries(let entries): entries.contains { $0.directory == file }
        case .attributes(let changed, _): changed == file && !isDataOnly
        case .write(let changed, _, _), .truncate(let changed, _): changed == file
        }
    }
}
