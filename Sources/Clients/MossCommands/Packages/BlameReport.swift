internal import BytePath
internal import CommandLineSupport
package import Installation
internal import States
package import TerminalOutput

/// Where a path comes from.
package struct BlameReport: Report {
    package var entry: LayoutLine
    /// Absent for what moss wrote itself, and for a directory that no package names.
    package var package: PackageDetails?
    /// What made the path of others in the tree, and of which, below /usr; absent for what packages bring.
    package var madeBy: String?
    package var madeFrom: [String]?
    package var since: StateSummary

    package init(_ blame: Blame) {
        entry = LayoutLine(blame.path, blame.entry)
        package = blame.package.map { PackageDetails($0) }
        madeBy = blame.origin?.maker
        madeFrom = blame.origin?.sources.map { PathText($0).text }
        since = StateSummary(blame.since, isActive: false)
    }

    package func write(to output: TerminalStream) {
        var table = Table()
        table.add(.init("Path", .dim), .init("/usr/\(entry.path)".printable, .bold))
        let owner = package.map { "\($0.name) \($0.version)-\($0.release)" } ?? "none"
        if let madeBy {
            let sources = (madeFrom ?? []).map { "/usr/\($0)" }.joined(separator: ", ")
            table.add(.init("Made by", .dim), .init("\(madeBy), from \(sources)".printable))
        } else {
            table.add(.init("Package", .dim), .init(owner.printable))
        }
        let time = Measures.localTime(secondsSince1970: since.created)
        table.add(.init("Since", .dim), .init("state \(since.number), \(time), \(since.summary)".printable))
        table.add(.init("Kind", .dim), .init("\(entry.kind), mode \(entry.mode), owner \(entry.uid):\(entry.gid)"))
        if let size = entry.size { table.add(.init("Size", .dim), .init(Measures.size(size))) }
        if let digest = entry.digest { table.add(.init("Digest", .dim), .init(digest)) }
        if let target = entry.target { table.add(.init("Target", .dim), .init(target.printable)) }
        table.write(to: output)
    }
}
