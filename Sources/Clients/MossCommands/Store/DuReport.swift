internal import CommandLineSupport
internal import GarbageCollection
package import Installation
internal import States
package import TerminalOutput

/// What states and packages hold.
package struct DuReport: Report {
    /// Sums of file sizes; each copy of an object counts once.
    package struct State: Encodable, Hashable, Sendable {
        package var number: UInt64
        /// Only of pinned states.
        package var name: String?
        package var isActive: Bool
        package var isPinned: Bool
        package var summary: String
        package var bytes: UInt64
        /// What no other state has.
        package var exclusiveBytes: UInt64
        package var sharedBytes: UInt64
        /// Of the exclusive bytes, those a live view keeps.
        package var viewBytes: UInt64
        /// Of the exclusive bytes, those a tree on disk has too.
        package var treeBytes: UInt64
        /// What comes free at once when the state is removed; absent where it cannot be.
        package var freedBytes: UInt64?
    }

    package struct Package: Encodable, Hashable, Sendable {
        package var name: String
        package var version: String
        package var bytes: UInt64
        /// What no other package asks for, in whatever state.
        package var exclusiveBytes: UInt64
        package var sharedBytes: UInt64
        package var stateCount: Int
    }

    package var states: [State]
    /// What comes free at once when all of them go that can.
    package var freedTogetherBytes: UInt64
    /// Most exclusive bytes first; only where they were asked for.
    package var packages: [Package]?
    /// All recorded objects.
    package var objectBytes: UInt64
    /// What collecting garbage would remove now.
    package var unneededBytes: UInt64

    package init(_ use: SpaceUse, withPackages: Bool) {
        states = use.states.map { State($0) }
        freedTogetherBytes = use.removable.freedBytes
        packages = withPackages ? use.packages.map { Package($0) } : nil
        objectBytes = use.bytes
        unneededBytes = use.unneededBytes
    }

    package func write(to output: TerminalStream) {
        writeStates(to: output)
        if let packages, !packages.isEmpty {
            output.line()
            write(packages, to: output)
        }
        if !states.isEmpty { output.line() }
        let removable = states.filter { $0.freedBytes != nil }
        if removable.count > 1 {
            output.line("Removing these \(removable.count) states together frees \(Measures.size(freedTogetherBytes)).")
        }
        let unneeded = unneededBytes > 0 ? "; moss gc removes \(Measures.size(unneededBytes)) that nothing needs" : ""
        output.line("All objects: \(Measures.size(objectBytes))\(unneeded).")
    }

    private func writeStates(to output: TerminalStream) {
        if states.isEmpty { return }
        var table = Table([.left, .right, .right, .right, .right, .left])
        table.add(
            "", .init("State", .dim), .init("Holds", .dim), .init("Exclusive", .dim), .init("Frees", .dim))
        for state in states {
            let pin = state.isPinned ? "  [\(state.name ?? "pinned")]" : ""
            table.add(
                .init(state.isActive ? "*" : " ", .green), .init("\(state.number)", state.isActive ? .bold : nil),
                .init(Measures.size(state.bytes)), .init(Measures.size(state.exclusiveBytes)),
                .init(state.freedBytes.map { Measures.size($0) } ?? "-"),
                .init(state.summary.printable + pin + state.remark))
        }
        table.write(to: output)
    }

    private func write(_ packages: [Package], to output: TerminalStream) {
        var table = Table([.left, .left, .right, .right, .right])
        table.add(
            .init("Package", .dim), .init("Version", .dim), .init("Holds", .dim), .init("Exclusive", .dim),
            .init("States", .dim))
        for package in packages {
            table.add(
                .init(package.name.printable), .init(package.version.printable), .init(Measures.size(package.bytes)),
                .init(Measures.size(package.exclusiveBytes)), .init("\(package.stateCount)"))
        }
        table.write(to: output)
    }
}

extension DuReport.State {
    init(_ use: SpaceUse.OfState) {
        self.init(
            number: use.state.number, name: use.pin?.name, isActive: use.isActive, isPinned: use.pin != nil,
            summary: use.state.summary, bytes: use.share.bytes, exclusiveBytes: use.share.exclusiveBytes,
            sharedBytes: use.share.bytes - use.share.exclusiveBytes, viewBytes: use.share.viewBytes,
            treeBytes: use.share.treeBytes, freedBytes: use.isRemovable ? use.share.freedBytes : nil)
    }

    /// Why it frees less than it holds alone.
    fileprivate var remark: String {
        guard freedBytes != nil, viewBytes > 0 || treeBytes > 0 else { return "" }
        var keepers: [String] = []
        if viewBytes > 0 { keepers.append("live views keep \(Measures.size(viewBytes))") }
        if treeBytes > 0 { keepers.append("the spare has \(Measures.size(treeBytes))") }
        return "  (\(keepers.joined(separator: ", ")))"
    }
}

extension DuReport.Package {
    init(_ use: SpaceUse.OfPackage) {
        self.init(
            name: use.name, version: use.versionText, bytes: use.share.bytes,
            exclusiveBytes: use.share.exclusiveBytes, sharedBytes: use.share.bytes - use.share.exclusiveBytes,
            stateCount: use.share.holderCount)
    }
}
