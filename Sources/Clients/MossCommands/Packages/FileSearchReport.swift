package import BytePath
internal import CommandLineSupport
package import TerminalOutput

/// Paths and whose they are.
package struct FileSearchReport: Report {
    package struct File: Encodable, Hashable, Sendable {
        /// Below `/usr`.
        package var path: String
        package var pathBytes: String?
        package var package: String
        /// Only of available packages.
        package var collection: String?

        package init(_ path: BytePath, package: String, collection: String? = nil) {
            let text = PathText(path)
            (self.path, pathBytes) = (text.text, text.bytes)
            self.package = package
            self.collection = collection
        }
    }

    package var files: [File]

    package init(files: [File]) {
        self.files = files
    }

    package func write(to output: TerminalStream) {
        var table = Table()
        for file in files {
            var cells: [Table.Cell] = [.init("/usr/\(file.path)".printable), .init(file.package.printable, .green)]
            if let collection = file.collection { cells.append(.init(collection, .dim)) }
            table.rows.append(cells)
        }
        table.write(to: output)
    }
}
