package import CollectionIndex
internal import CollectionSettings
internal import CommandLineSupport
package import Installation
internal import PackageModel
package import StoneFormat
package import TerminalOutput

/// A package in a line.
package struct PackageLine: Encodable, Hashable, Sendable {
    package var name: String
    /// `VERSION-RELEASE`.
    package var version: String
    package var summary: String
    /// Only of installed packages.
    package var isExplicit: Bool?
    /// Only of available packages.
    package var collection: String?

    package init(
        name: String, version: String, summary: String, isExplicit: Bool? = nil, collection: String? = nil
    ) {
        self.name = name
        self.version = version
        self.summary = summary
        self.isExplicit = isExplicit
        self.collection = collection
    }

    package init(_ package: InstalledPackage) {
        self.init(
            name: package.metadata.name, version: package.metadata.versionText, summary: package.metadata.summary,
            isExplicit: package.isExplicit)
    }

    package init(_ package: PackageBrief, isExplicit: Bool) {
        self.init(
            name: package.name, version: package.versionText, summary: package.summary, isExplicit: isExplicit)
    }

    package init(_ package: CollectionRegistry.Package) {
        self.init(
            name: package.metadata.name, version: package.metadata.versionText, summary: package.metadata.summary,
            collection: package.collection.text)
    }

    package init(_ package: CollectionRegistry.Summary) {
        self.init(
            name: package.name, version: "\(package.version)-\(package.release)", summary: package.summary,
            collection: package.collection.text)
    }
}

/// Packages, one on each line.
package struct PackageListReport: Report {
    package var packages: [PackageLine]
    /// Which packages have a star in the text.
    private let mark: Mark

    package enum Mark: Sendable {
        case none
        case explicit
        case installed
    }

    private enum CodingKeys: CodingKey {
        case packages
    }

    package init(packages: [PackageLine], mark: Mark = .none) {
        self.packages = packages
        self.mark = mark
    }

    package func write(to output: TerminalStream) {
        var table = Table()
        table.rows.reserveCapacity(packages.count)
        for package in packages {
            var cells: [Table.Cell] = []
            switch mark {
            case .none: break
            case .explicit: cells.append(.init(package.isExplicit == true ? "*" : " ", .green))
            case .installed: cells.append(.init(package.isExplicit != nil ? "*" : " ", .green))
            }
            cells += [
                .init(package.name.printable, .bold), .init(package.version.printable, .green),
                .init(package.summary.printable),
            ]
            table.rows.append(cells)
        }
        table.write(to: output)
    }
}
