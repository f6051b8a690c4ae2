package import BytePath
internal import CommandLineSupport
package import FileTree
package import Installation
internal import PackageModel
package import TerminalOutput

/// How two states differ.
package struct StateDiffReport: Report {
    package struct Replaced: Encodable, Hashable, Sendable {
        package var name: String
        package var from: String
        package var to: String
    }

    package struct Path: Encodable, Hashable, Sendable {
        /// `added`, `removed` or `changed`.
        package var change: String
        /// Below `/usr`.
        package var path: String
        package var pathBytes: String?
        package var kind: String

        package init(_ directory: BytePath, _ change: TreeChange) {
            let entry: TreeEntry
            switch change {
            case .added(let new): (self.change, entry) = ("added", new)
            case .removed(let old): (self.change, entry) = ("removed", old)
            case .changed(_, let new): (self.change, entry) = ("changed", new)
            }
            let line = LayoutLine(directory.appending(entry.name), entry)
            (path, pathBytes, kind) = (line.path, line.pathBytes, line.kind)
        }
    }

    package var added: [PackageLine]
    package var removed: [PackageLine]
    package var replaced: [Replaced]
    package var entriesAdded: UInt64
    package var entriesRemoved: UInt64
    package var entriesChanged: UInt64
    /// Only where they were asked for; in the order of the trees.
    package var paths: [Path]?

    package init(_ difference: StateDifference) {
        let before = Dictionary(
            difference.removed.map { (Verbatim($0.metadata.name), $0.metadata) },
            uniquingKeysWith: { first, _ in first })
        let after = Set(difference.added.map { Verbatim($0.metadata.name) })
        added = difference.added.filter { before[Verbatim($0.metadata.name)] == nil }.map { PackageLine($0) }
        removed = difference.removed.filter { !after.contains(Verbatim($0.metadata.name)) }.map { PackageLine($0) }
        replaced = difference.added.compactMap { package in
            before[Verbatim(package.metadata.name)].map {
                Replaced(name: package.metadata.name, from: $0.versionText, to: package.metadata.versionText)
            }
        }
        entriesAdded = difference.entries.added
        entriesRemoved = difference.entries.removed
        entriesChanged = difference.entries.changed
    }

    package func write(to output: TerminalStream) {
        var table = Table()
        for package in added {
            table.add(.init("+", .green), .init(package.name.printable), .init(package.version.printable, .green))
        }
        for package in removed {
            table.add(.init("-", .red), .init(package.name.printable), .init(package.version.printable, .red))
        }
        for package in replaced {
            table.add(
                .init("~", .yellow), .init(package.name.printable),
                .init("\(package.from) -> \(package.to)".printable, .yellow))
        }
        table.write(to: output)
        output.line(
            "Below /usr: \(entriesAdded) entries added, \(entriesRemoved) removed, \(entriesChanged) changed.")
        for path in paths ?? [] {
            let sign = ["added": "+", "removed": "-"][path.change] ?? "~"
            output.line("\(sign) /usr/\(path.path.printable)")
        }
    }
}
