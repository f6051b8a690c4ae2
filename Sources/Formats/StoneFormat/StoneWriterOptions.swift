/// How hard a writer works. The same options and values give the same bytes.
package struct StoneWriterOptions: Hashable, Sendable {
    /// zstd level of Meta, Layout and Index payloads.
    package var recordLevel: Int
    /// zstd level of the Content payload.
    package var contentLevel: Int
    /// Largest window as a power of two; the pledged size shrinks it.
    package var windowLog: Int
    /// Threads that compress content, at least one; their number changes the time and not the bytes.
    ///
    /// A thread takes four windows at a time, so several only help where `windowLog` is well below the content's size.
    package var contentWorkers: Int

    /// As upstream writes: level 18 and the largest window there is.
    package init(recordLevel: Int = 18, contentLevel: Int = 18, windowLog: Int = 31, contentWorkers: Int = 1) {
        self.recordLevel = recordLevel
        self.contentLevel = contentLevel
        self.windowLog = windowLog
        self.contentWorkers = contentWorkers
    }

    /// Fast, for tests and generated corpora.
    package static let fast = StoneWriterOptions(recordLevel: 1, contentLevel: 1)
}
