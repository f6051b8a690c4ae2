internal import CommandLineSupport
package import TerminalOutput

/// What became of a collection.
package struct CollectionChangeReport: Report {
    package var name: String
    /// `removed`, `enabled` or `disabled`.
    package var change: String

    package init(name: String, change: String) {
        self.name = name
        self.change = change
    }

    package func write(to output: TerminalStream) {
        output.line("\(name): \(change)")
    }
}
