internal import BytePath
internal import CommandLineSupport
package import TerminalOutput
package import Trial

/// What a command that was tried has written.
package struct KeptWritesReport: Report {
    package struct Change: Encodable, Hashable, Sendable {
        /// `added`, `changed`, `replaced` or `removed`.
        package var change: String
        package var path: String
        package var pathBytes: String?

        package init(_ change: KeptWrites.Change) {
            self.change = change.kind.rawValue
            let text = PathText(change.path)
            (path, pathBytes) = (text.text, text.bytes)
        }
    }

    /// Where it is kept.
    package var directory: String
    package var directoryBytes: String?
    package var changes: [Change]

    package init(_ kept: KeptWrites) {
        let text = PathText(kept.directory)
        (directory, directoryBytes) = (text.text, text.bytes)
        changes = kept.changes.map(Change.init)
    }

    package func write(to output: TerminalStream) {
        for change in changes {
            let sign = ["added": "+", "removed": "-"][change.change] ?? "~"
            output.line("\(sign) \(change.path.printable)")
        }
        output.line("Kept in \(directory.printable): \(Measures.count(changes.count, "change")).")
    }
}
