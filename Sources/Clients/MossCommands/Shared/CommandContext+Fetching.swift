internal import CollectionIndex
internal import Downloads
internal import Installation
internal import LinuxSystem
internal import TerminalOutput

extension CommandContext {
    /// Shows how much has come while `body` waits for servers.
    func showingFetches<R, Failure: Error>(
        of installation: Installation, _ body: () throws(Failure) -> R
    ) throws(Failure) -> R {
        let display = ProgressDisplay()
        let start = monotonicNanoseconds()
        let done = Guarded<UInt64>(0)
        installation.collections.downloads.tell { count in
            let sum = done.withLock { done in
                done += count
                return done
            }
            var line = ProgressLine("Fetching", done: sum, total: 0, unit: .bytes)
            line.nanoseconds = monotonicNanoseconds() - start
            display.report(line)
        }
        defer {
            installation.collections.downloads.tell(nil)
            display.finish()
        }
        return try body()
    }
}
