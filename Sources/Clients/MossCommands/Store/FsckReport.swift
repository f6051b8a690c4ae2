internal import BytePath
internal import CommandLineSupport
internal import Digests
internal import Failures
internal import FileTree
package import Installation
package import Maintenance
internal import PackageModel
package import TerminalOutput

/// What a check found, and what became of it.
package struct FsckReport: Report {
    package struct Finding: Encodable, Hashable, Sendable {
        /// `database`, `record`, `object`, `file`, `manifest`, `state`, `entry` or `collection`.
        package var subject: String
        /// What is meant: a path below the root where there is one.
        package var name: String
        /// `missing`, `wrong_content`, …
        package var problem: String
        package var detail: String
        /// `found`, `repaired`, `lost`, or `litter` for what nobody needs.
        package var outcome: String
        /// How it was repaired.
        package var remedy: String?
    }

    /// What could not be looked at, by why.
    package struct Unseen: Encodable, Hashable, Sendable {
        package var reason: String
        /// What helps.
        package var remedy: String
        package var names: [String]
    }

    package struct Loss: Encodable, Hashable, Sendable {
        package var object: String
        package var size: UInt64
        package var packages: [String]
        package var paths: [String]
        package var states: [UInt64]
    }

    /// `clean`, `damaged`, `repaired`, or `unseen` where it is not known whether all is well.
    package var code: String
    package var depth: String
    package var isDamaged: Bool
    package var isComplete: Bool
    package var objects: Int
    package var bytesRead: UInt64
    package var treeEntries: Int
    /// How much of the contents a round of checks with a budget has read, in thousandths.
    package var budgetProgress: Int?
    package var findings: [Finding]
    package var unseen: [Unseen]
    package var unseenCount: Int
    /// Contents that are wrong everywhere, or, without a repair, wrong in the store.
    package var affected: [Loss]
    package var advice: [String]
    package var setAside: String?
    package var rebuilt: StoreRebuildReport?

    /// - Parameter rootOption: what commands need to work on the same root.
    package init(_ report: CheckReport, _ options: CheckOptions, rootOption: String) {
        depth = options.depth.rawValue
        isDamaged = report.isDamaged
        isComplete = report.isComplete
        objects = report.objects
        bytesRead = report.bytesRead
        treeEntries = report.treeEntries
        budgetProgress = report.budgetProgress
        findings = report.findings.map { Finding($0) }
        unseen = Self.grouped(report.unseen)
        unseenCount = report.unseen.count
        code =
            report.isDamaged
            ? "damaged" : !report.unseen.isEmpty ? "unseen" : report.isRepaired ? "repaired" : "clean"
        affected = report.losses.map {
            Loss(
                object: $0.digest.hexadecimal, size: $0.size, packages: $0.packageNames,
                paths: $0.paths.map { PathText($0).text }, states: $0.states)
        }
        advice = report.advice.map { $0.command("moss \(rootOption)") }
        setAside = report.setAside?.display
        rebuilt = report.rebuild.map { StoreRebuildReport($0) }
    }

    package func write(to output: TerminalStream) {
        for finding in findings { finding.write(to: output) }
        for loss in affected {
            let owners = loss.packages.isEmpty ? "no package" : loss.packages.joined(separator: ", ")
            let states = loss.states.map { "\($0)" }.joined(separator: ", ")
            let shown = loss.paths.prefix(3).joined(separator: ", ") + (loss.paths.count > 3 ? ", …" : "")
            let place = (shown.isEmpty ? "" : "\(shown) ") + "of \(owners)"
            output.line(
                "Content \(loss.object) (\(Measures.size(loss.size))): \(place.printable); states \(states)")
        }
        for item in unseen { item.write(to: output) }
        if let setAside { output.line("What was in the way is in \(setAside.printable).") }
        output.line(summary)
        for command in advice { output.line("  " + command.printable) }
    }

    private static func grouped(_ unseen: [Damage.Unseen]) -> [Unseen] {
        var groups: [Unseen] = []
        for item in unseen {
            let name = Finding.described(item.subject).1
            // Reasons name what they are about; what is left says why.
            let reason = item.reason.split(separator: ": ").last.map(String.init) ?? item.reason
            if let index = groups.firstIndex(where: { $0.reason == reason && $0.remedy == item.remedy }) {
                groups[index].names.append(name)
            } else {
                groups.append(Unseen(reason: reason, remedy: item.remedy, names: [name]))
            }
        }
        return groups
    }

    private var summary: String {
        var text = "Looked at \(Measures.count(objects, "object"))"
        text += " and \(Measures.count(treeEntries, "entry", "entries")) of trees"
        if bytesRead > 0 { text += ", read \(Measures.size(bytesRead))" }
        let counts = Dictionary(grouping: findings, by: \.outcome).mapValues(\.count)
        let parts = [("found", "damaged"), ("repaired", "repaired"), ("lost", "lost"), ("litter", "not needed")]
            .compactMap { outcome, word in counts[outcome].map { "\($0) \(word)" } }
        let nothing = unseenCount > 0 ? "nothing is wrong with what was seen" : "nothing is wrong"
        text += ": " + (parts.isEmpty ? nothing : parts.joined(separator: ", ")) + "."
        if unseenCount > 0 {
            text +=
                " \(Measures.count(unseenCount, "thing")) could not be looked at; nothing there was judged or repaired."
        }
        if let budgetProgress, !isComplete { text += " \(budgetProgress / 10) % of the contents are done." }
        return text
    }
}

extension FsckReport.Unseen {
    func write(to output: TerminalStream) {
        let more = names.count > 3 ? " and \(names.count - 3) more" : ""
        output.line(
            "Could not look at \(names.prefix(3).joined(separator: ", ").printable)\(more): \(reason.printable); "
                + "\(remedy.printable)")
    }
}

extension FsckReport.Finding {
    package init(_ finding: CheckReport.Finding) {
        switch finding.outcome {
        case .repaired(let how): self.init(finding.damage, outcome: "repaired", how: how)
        case .found: self.init(finding.damage, outcome: finding.damage.isLitter ? "litter" : "found", how: nil)
        case .lost: self.init(finding.damage, outcome: "lost", how: nil)
        }
    }

    package init(_ damage: Damage, outcome: String, how: String?) {
        (subject, name) = Self.described(damage.subject)
        problem = damage.problem.rawValue
        detail = damage.detail
        self.outcome = outcome
        remedy = how
    }

    fileprivate static func described(_ subject: Damage.Subject) -> (String, String) {
        let place = subject.place.map { PathText($0).text } ?? ""
        return switch subject {
        case .database: ("database", place)
        case .record(let bucket, let key):
            ("record", "\(bucket) \(key.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())")
        case .object: ("object", place)
        case .file: ("file", place)
        case .manifest: ("manifest", place)
        case .stateFile: ("state", place)
        case .entry: ("entry", place)
        case .collection(let name): ("collection", name)
        }
    }

    func write(to output: TerminalStream) {
        let colour: Painter.Style = outcome == "repaired" ? .green : outcome == "litter" ? .dim : .red
        var line = output.paint(outcome, colour) + " " + name.printable + ": "
        line += problem.replacing("_", with: " ")
        if !detail.isEmpty { line += " (\(detail.printable))" }
        if let remedy { line += "; \(remedy.printable)" }
        output.line(line)
    }
}

extension CheckReport.Advice {
    /// - Parameter moss: the program and what it needs to work on the same root, with a space behind it.
    fileprivate func command(_ moss: String) -> String {
        switch self {
        case .repair: "\(moss)fsck --repair"
        case .addCollection(let packages):
            "\(moss)repo add NAME URI    # a collection with \(packages.joined(separator: ", ")), then \(moss)fsck --repair"
        case .removeStates(let numbers):
            "\(moss)state remove \(numbers.map { "\($0)" }.joined(separator: " "))"
        case .updateCollection(let name): "\(moss)repo update \(name)"
        }
    }
}
