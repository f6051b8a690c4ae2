internal import CommandLineSupport
package import TerminalOutput

/// Whether a root was made.
package struct InitReport: Report {
    var path: String
    var pathBytes: String?
    var isNew: Bool

    package init(root: PathText, isNew: Bool) {
        (path, pathBytes) = (root.text, root.bytes)
        self.isNew = isNew
    }

    package func write(to output: TerminalStream) {
        output.line(isNew ? "\(path.printable) is a root now" : "\(path.printable) was a root already")
    }
}
