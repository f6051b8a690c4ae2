internal import BytePath
internal import CollectionIndex
internal import CollectionSettings
internal import CommandLineSupport
internal import FileTree
package import Installation
internal import Maintenance
internal import PackageModel
internal import Solver
package import TerminalOutput

/// A plan: what comes, what goes, what is replaced, why, and what it costs.
package struct PlanReport: Report {
    package struct Coming: Encodable, Hashable, Sendable {
        package var name: String
        package var version: String
        package var explicit: Bool
        package var reason: String
        /// The version it takes the place of.
        package var replaces: String?
        /// The collection it comes from; nil where none has it, or where it does not matter.
        package var collection: String?

        package init(
            name: String, version: String, explicit: Bool, reason: String, replaces: String? = nil,
            collection: String? = nil
        ) {
            self.name = name
            self.version = version
            self.explicit = explicit
            self.reason = reason
            self.replaces = replaces
            self.collection = collection
        }
    }

    package struct Going: Encodable, Hashable, Sendable {
        package var name: String
        package var version: String
        package var reason: String

        package init(name: String, version: String, reason: String) {
            self.name = name
            self.version = version
            self.reason = reason
        }
    }

    package struct Broken: Encodable, Hashable, Sendable {
        package var name: String
        package var dependency: String

        package init(name: String, dependency: String) {
            self.name = name
            self.dependency = dependency
        }
    }

    package struct Kept: Encodable, Hashable, Sendable {
        package var name: String
        package var version: String
        /// What its collection holds.
        package var offered: String
        /// nil where it is the same as with others.
        package var reason: String?
        fileprivate var line: String { "\(name) \(version), not \(offered): \(reason ?? "as others above")" }
    }

    /// A directory in `/usr` that does not get what a package asks for, or gets another mode or owner than it had.
    package struct SharedDirectory: Encodable, Hashable, Sendable {
        package var path: String
        /// All bytes in hexadecimal digits, only where the path is not UTF-8.
        package var pathBytes: String?
        /// The package whose wish is not followed; nil where the directory had `other` before.
        package var package: String?
        /// Mode, owner and group, as in 0755 0:0.
        package var other: String
        package var given: String
    }

    /// New packages and new versions of installed ones, by name.
    package var coming: [Coming] = []
    /// Packages that leave and have no successor, by name.
    package var going: [Going] = []
    package var becomingExplicit: [String] = []
    package var becomingTransitive: [String] = []
    package var alreadyInstalled: [String] = []
    package var stillBroken: [Broken] = []
    /// Installed packages that cannot follow their collections yet, by name.
    package var keptBack: [Kept] = []
    package var bytesToFetch: UInt64 = 0
    package var bytesOnDisk: UInt64 = 0
    package var entriesAdded: UInt64 = 0
    package var entriesRemoved: UInt64 = 0
    package var entriesChanged: UInt64 = 0
    package var directories: [SharedDirectory] = []
    /// What is below /usr and no package's, as far as a few looks tell; it will be kept in lost+found.
    package var localFiles: [String] = []
    /// Where something is mounted below `/usr`.
    package var mounts: [String] = []
    /// Collections that something comes from and nobody vouches for.
    package var unsigned: [String] = []
    /// The id of the tree that will be live.
    package var tree = ""
    package var isEmpty = false

    package init() {}

    package init(_ plan: Plan) {
        coming = plan.additions.map {
            Coming(
                name: $0.metadata.name, version: $0.metadata.versionText, explicit: $0.isExplicit, reason: $0.reason,
                replaces: $0.replaces?.versionText, collection: $0.collection?.text)
        }
        going = plan.removals.filter { !$0.isReplaced }
            .map { Going(name: $0.name, version: $0.versionText, reason: $0.reason) }
        becomingExplicit = plan.flagChanges.filter(\.isExplicit).map(\.name)
        becomingTransitive = plan.flagChanges.filter { !$0.isExplicit }.map(\.name)
        alreadyInstalled = plan.alreadyInstalled.map(\.name)
        stillBroken = plan.stillBroken.map { Broken(name: $0.name, dependency: $0.dependency.text) }
        keptBack = plan.keptBack.map {
            let (name, version) = ($0.package.name, $0.package.versionText)
            return Kept(name: name, version: version, offered: $0.offered.versionText, reason: $0.problem?.description)
        }
        bytesToFetch = plan.bytesToFetch
        bytesOnDisk = plan.bytesOnDisk
        (entriesAdded, entriesRemoved) = (plan.entries.added, plan.entries.removed)
        entriesChanged = plan.entries.changed
        directories = plan.directories.map(SharedDirectory.init)
        localFiles = plan.localFiles.map { PathText($0).text }
        mounts = plan.mounts.map { PathText($0).text }
        unsigned = plan.unsigned.map(\.text)
        tree = plan.tree.hexadecimal
        isEmpty = plan.isEmpty
    }

    package func write(to output: TerminalStream) {
        writePackages(to: output)
        for (words, names) in [
            ("Become explicit", becomingExplicit), ("Become transitive", becomingTransitive),
            ("Already installed", alreadyInstalled),
        ] where !names.isEmpty {
            output.line("\(words): \(names.joined(separator: ", ").printable)")
        }
        if !stillBroken.isEmpty {
            output.line("Broken before, and still:")
            for broken in stillBroken { output.line("  \(broken.name) needs \(broken.dependency)".printable) }
        }
        if !keptBack.isEmpty {
            output.line("Kept back (\(keptBack.count)), as the new version cannot be installed:")
            for kept in keptBack { output.line("  \(kept.line)".printable) }
        }
        guard !isEmpty else {
            output.line("Nothing to do.")
            return
        }
        output.line(
            "Below /usr: \(entriesAdded) entries added, \(entriesRemoved) removed, \(entriesChanged) changed.")
        for directory in directories { output.line(directory.line.printable) }
        if !localFiles.isEmpty {
            let shown = localFiles.prefix(5).map { "/usr/\($0)" }.joined(separator: ", ").printable
            let more = localFiles.count > 5 ? " and \(localFiles.count - 5) more" : ""
            output.line("Of no package, and to be kept in .moss/lost+found once this /usr goes: \(shown)\(more).")
        }
        if !mounts.isEmpty {
            output.line("Mounted below /usr, and coming along: \(mounts.joined(separator: ", "))".printable)
        }
        if !unsigned.isEmpty {
            output.line(
                "Comes unsigned, so that nobody vouches for it: what is of \(unsigned.joined(separator: ", ")).")
        }
        output.line("To fetch: \(Measures.size(bytesToFetch)). New on disk: \(Measures.size(bytesOnDisk)).")
        if !tree.isEmpty { output.line("Tree: \(tree)") }
    }

    private func writePackages(to output: TerminalStream) {
        let new = coming.filter { $0.replaces == nil }
        let replaced = coming.filter { $0.replaces != nil }
        section("Coming", new.count, output) { table in
            for package in new {
                table.add(
                    .init(package.name.printable), .init(package.version.printable, .green),
                    .init(package.collection ?? ""), .init(package.reason.printable, .dim))
            }
        }
        section("Replaced", replaced.count, output) { table in
            for package in replaced {
                table.add(
                    .init(package.name.printable), .init((package.replaces ?? "").printable, .red), "->",
                    .init(package.version.printable, .green), .init(package.collection ?? ""),
                    .init(package.reason.printable, .dim))
            }
        }
        section("Going", going.count, output) { table in
            for package in going {
                table.add(
                    .init(package.name.printable), .init(package.version.printable, .red),
                    .init(package.reason.printable, .dim))
            }
        }
    }

    private func section(
        _ title: String, _ count: Int, _ output: TerminalStream, _ fill: (inout Table) -> Void
    ) {
        guard count > 0 else { return }
        output.line(output.paint("\(title) (\(count))", .bold))
        var table = Table(indentation: 2)
        fill(&table)
        table.write(to: output)
    }
}

extension PlanReport.SharedDirectory {
    fileprivate init(_ note: Plan.DirectoryNote) {
        let place = PathText(note.path)
        (path, pathBytes) = (place.text, place.bytes)
        if case .refused(let name) = note.reason { package = name }
        other = Self.text(note.other)
        given = Self.text(note.given)
    }

    private static func text(_ metadata: EntryMetadata) -> String {
        "\(octal(metadata.mode)) \(metadata.uid):\(metadata.gid)"
    }

    /// One line for people.
    fileprivate var line: String {
        guard let package else { return "/usr/\(path) gets mode and owner \(given); it had \(other)." }
        return "/usr/\(path) gets mode and owner \(given), not \(other) as \(package) asks: others use it too."
    }
}
