internal import CommandLineSupport
package import TerminalOutput

/// The index that was written.
package struct IndexReport: Report {
    var path: String
    var pathBytes: String?
    var packageCount: Int

    package init(_ path: PathText, packageCount: Int) {
        (self.path, pathBytes) = (path.text, path.bytes)
        self.packageCount = packageCount
    }

    package func write(to output: TerminalStream) {
        output.line("\(path.printable): \(Measures.count(packageCount, "package"))")
    }
}
