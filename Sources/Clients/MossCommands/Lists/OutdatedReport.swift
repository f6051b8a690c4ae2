internal import CommandLineSupport
package import TerminalOutput

/// Installed packages of which the collections hold another release or build.
package struct OutdatedReport: Report {
    package struct Line: Encodable, Hashable, Sendable {
        package var name: String
        package var installed: String
        package var available: String
        package var collection: String
        /// Whether version and release are the same, and only the stone is another one.
        package var isOtherBuild: Bool

        package init(
            name: String, installed: String, available: String, collection: String, isOtherBuild: Bool = false
        ) {
            self.name = name
            self.installed = installed
            self.available = available
            self.collection = collection
            self.isOtherBuild = isOtherBuild
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
                .init(package.available.printable, .green), .init(package.collection, .dim),
                .init(package.isOtherBuild ? "another build" : "", .dim))
        }
        table.write(to: output)
    }
}
