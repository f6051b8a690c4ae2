package import TerminalOutput

/// Installed packages of which the collections hold another release.
package struct OutdatedReport: Report {
    package struct Line: Encodable, Hashable, Sendable {
        package var name: String
        package var installed: String
        package var available: String
        package var collection: String

        package init(name: String, installed: String, available: String, collection: String) {
            self.name = name
            self.installed = installed
            self.available = available
            self.collection = collection
        }
    }

    package var packages: [Line]

    package init(packages: [Line]) {
        self.packages = packages
    }

    package func write(to output: TerminalStream) {
        var table = Table()
        for package in packages {
            table.add(
                .init(package.name.printable, .bold), .init(package.installed.printable, .red), "->",
                .init(package.available.printable, .green), .init(package.collection, .dim))
        }
        table.write(to: output)
    }
}
