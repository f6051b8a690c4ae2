internal import BytePath
internal import CommandLineSupport
internal import GarbageCollection
package import Installation
internal import PackageModel
package import TerminalOutput

/// What collecting garbage removes, or would remove.
package struct GcReport: Report {
    package struct Package: Encodable, Hashable, Sendable {
        package var name: String
        package var version: String
    }

    package struct View: Encodable, Hashable, Sendable {
        package var process: Int32
        package var mountpoint: String
        package var shows: String
    }

    package struct Kept: Encodable, Hashable, Sendable {
        package var objects: Int
        package var bytes: UInt64
        package var packages: Int
        package var views: [View]
        /// Whether another user's view keeps everything.
        package var everything: Bool
        package var processes: [Int32]
    }

    package struct Freed: Encodable, Hashable, Sendable {
        package var packages: Int
        package var objects: Int
        package var bytes: UInt64
        package var manifests: Int
        package var treeRecords: Int
        package var trees: Int
        package var temporaries: Int
        package var kept: Kept
        /// What cannot be removed yet, and why.
        package var stuck: [String]
        /// Files of no package that were in trees that went.
        package var localFiles: [LocalFilesReport]
    }

    package struct Difference: Encodable, Hashable, Sendable {
        /// `wrongCount`, `notCollected` or `missing`.
        package var kind: String
        package var subject: String
    }

    package var dryRun: Bool
    package var states: [StateSummary]
    package var packages: [Package]
    package var freed: Freed
    /// Only where it was asked for: what a full mark found after collecting.
    package var differences: [Difference]?

    package init(_ plan: GarbagePlan, dryRun: Bool) {
        self.dryRun = dryRun
        states = plan.states.map { StateSummary($0, isActive: false) }
        packages = plan.garbage.packages.map { Package(name: $0.name, version: $0.versionText) }
            .sorted { (Verbatim($0.name), Verbatim($0.version)) < (Verbatim($1.name), Verbatim($1.version)) }
        freed = Freed(plan.expected)
    }

    package func writeStates(to output: TerminalStream) {
        if states.isEmpty { return }
        output.line(output.paint("Going (\(states.count))", .bold))
        StateListReport(states: states).write(to: output)
    }

    package func write(to output: TerminalStream) {
        if dryRun { writeStates(to: output) }
        output.line(sentence)
        writeKept(to: output)
        for line in freed.stuck { output.line("Stays for now: \(line.printable)") }
        for files in freed.localFiles { output.line("Found \(files.line("").printable)") }
        guard let differences else { return }
        if differences.isEmpty { output.line("A full mark found nothing else.") }
        for difference in differences {
            output.line("\(output.paint(Self.words(difference.kind), .red)): \(difference.subject.printable)")
        }
    }

    private var sentence: String {
        var parts: [String] = []
        func add(_ count: Int, _ noun: String, _ more: String = "") {
            if count > 0 { parts.append(Measures.count(count, noun) + more) }
        }
        add(states.count, "state")
        add(freed.packages, "package")
        add(freed.objects, "object", " (\(Measures.size(freed.bytes)))")
        add(freed.treeRecords, "directory record")
        add(freed.trees, "unused tree")
        add(freed.temporaries, "half-written file")
        if parts.isEmpty && freed.manifests > 0 { add(freed.manifests, "manifest") }
        if parts.isEmpty { return "Nothing to do." }
        let last = parts.removeLast()
        let list = parts.isEmpty ? last : "\(parts.joined(separator: ", ")) and \(last)"
        return dryRun ? "Would remove \(list)." : "Removed \(list)."
    }

    private func writeKept(to output: TerminalStream) {
        let kept = freed.kept
        guard kept.objects > 0 || kept.packages > 0 else { return }
        let what = "\(Measures.count(kept.objects, "object")) (\(Measures.size(kept.bytes)))"
        let packages = kept.packages > 0 ? " and \(Measures.count(kept.packages, "package"))" : ""
        output.line("Live views keep \(what)\(packages).")
        for view in kept.views {
            output.line("  \(view.shows.printable) at \(view.mountpoint.printable), process \(view.process)")
        }
        if kept.everything {
            let processes = kept.processes.map { "\($0)" }.joined(separator: ", ")
            let whose = processes.isEmpty ? "" : " (process \(processes))"
            output.line("  what another user's view shows is not known\(whose); --ignore-views removes it anyway")
        }
    }

    private static func words(_ kind: String) -> String {
        switch MarkDifference.Kind(rawValue: kind) {
        case .wrongCount: "wrong count"
        case .notCollected: "not collected"
        case .missing: "missing"
        case nil: kind
        }
    }
}

extension GcReport.Freed {
    init(_ freed: FreedSpace) {
        self.init(
            packages: freed.packages, objects: freed.objects, bytes: freed.bytes, manifests: freed.manifests,
            treeRecords: freed.treeRecords, trees: freed.trees, temporaries: freed.temporaries,
            kept: GcReport.Kept(
                objects: freed.kept.objects, bytes: freed.kept.bytes, packages: freed.pinnedPackages,
                views: freed.kept.leases.map {
                    GcReport.View(
                        process: $0.description.process, mountpoint: $0.description.mountpoint.display,
                        shows: $0.description.shows)
                }, everything: freed.kept.isAnonymous, processes: freed.kept.anonymousHolders),
            stuck: freed.stuck.map { "\($0)" }, localFiles: freed.localFiles.map(LocalFilesReport.init))
    }
}

extension GcReport.Difference {
    init(_ difference: MarkDifference) {
        self.init(kind: difference.kind.rawValue, subject: difference.subject)
    }
}
