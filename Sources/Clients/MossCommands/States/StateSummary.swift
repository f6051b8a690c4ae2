internal import CommandLineSupport
internal import Digests
internal import FileTree
internal import PackageModel
package import States
package import TerminalOutput

/// A state in a line.
package struct StateSummary: Encodable, Hashable, Sendable {
    package var number: UInt64
    /// The state it was made from; 0 for none.
    package var parent: UInt64
    /// Seconds since 1970.
    package var created: Int64
    package var summary: String
    package var packageCount: Int
    package var explicitCount: Int
    package var directoryCount: UInt64
    package var fileCount: UInt64
    package var symlinkCount: UInt64
    /// Sum of the sizes of all files, shared ones each time.
    package var bytes: UInt64
    package var tree: String
    package var isActive: Bool
    package var isPinned: Bool
    /// Only of pinned states.
    package var name: String?

    package init(_ state: State, isActive: Bool, _ pin: StatePin? = nil) {
        isPinned = pin != nil
        name = pin?.name
        number = state.number
        parent = state.parent
        created = state.created
        summary = state.summary
        packageCount = state.selections.count
        explicitCount = state.selections.count { $0.isExplicit }
        directoryCount = state.totals.directories
        fileCount = state.totals.files
        symlinkCount = state.totals.symlinks
        bytes = state.totals.bytes
        tree = state.tree.hexadecimal
        self.isActive = isActive
    }

    func write(to output: TerminalStream) {
        var table = Table()
        table.add(.init("State", .dim), .init("\(number)\(isActive ? " (active)" : "")", .bold))
        if isPinned { table.add(.init("Pinned", .dim), .init(name ?? "yes")) }
        table.add(.init("Made by", .dim), .init(summary.printable))
        table.add(.init("Made from", .dim), .init(parent == 0 ? "nothing" : "state \(parent)"))
        table.add(.init("Time", .dim), .init(Measures.localTime(secondsSince1970: created)))
        table.add(.init("Packages", .dim), .init("\(packageCount), \(explicitCount) of them explicit"))
        table.add(
            .init("Entries", .dim),
            .init("\(fileCount) files, \(symlinkCount) links, \(directoryCount) directories, \(Measures.size(bytes))"))
        table.write(to: output)
    }
}

/// One state, or none.
package struct StateReport: Report {
    package var state: StateSummary?
    /// Only where they were asked for.
    package var packages: [PackageLine]?

    package init(_ state: StateSummary?, packages: [PackageLine]? = nil) {
        self.state = state
        self.packages = packages
    }

    package func write(to output: TerminalStream) {
        guard let state else {
            output.line("There is no active state yet.")
            return
        }
        state.write(to: output)
        guard let packages else { return }
        output.line()
        PackageListReport(packages: packages, mark: .explicit).write(to: output)
    }
}
