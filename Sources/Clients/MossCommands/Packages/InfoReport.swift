internal import CommandLineSupport
package import TerminalOutput

/// Everything about some packages.
package struct InfoReport: Report {
    package struct Package: Encodable, Sendable {
        package var details: PackageDetails
        /// SHA-256 of its stone.
        package var id: String
        package var isInstalled: Bool
        package var isExplicit: Bool?
        package var collection: String?
        /// Only where they were asked for.
        package var files: [LayoutLine]?

        package init(
            _ details: PackageDetails, id: String, isInstalled: Bool, isExplicit: Bool?, collection: String?
        ) {
            self.details = details
            self.id = id
            self.isInstalled = isInstalled
            self.isExplicit = isExplicit
            self.collection = collection
        }

        fileprivate var status: String {
            let installed = isExplicit == true ? "installed, explicit" : "installed, transitive"
            return [isInstalled ? installed : nil, collection.map { "available from \($0)" }].compactMap(\.self)
                .joined(separator: "; ")
        }
    }

    package var packages: [Package]

    package init(packages: [Package]) {
        self.packages = packages
    }

    package func write(to output: TerminalStream) {
        for (index, package) in packages.enumerated() {
            if index > 0 { output.line() }
            package.details.write(to: output, status: package.status)
            guard let files = package.files else { continue }
            output.line(output.paint("Files", .dim))
            var table = Table(indentation: 2)
            for file in files { table.rows.append(file.cells) }
            table.write(to: output)
        }
    }
}
