import BytePath
import Digests
import PackageAnalysis
import PackageModel

/// Puts the members of a data archive together to a layout: mapped, without duplicates, with the directories that count.
struct LayoutCollector {
    private let analyzer: FileAnalyzer
    private var package: ScannedPackage
    private var entries: [BytePath: LayoutEntry] = [:]
    private var sizes: [ObjectID: UInt64] = [:]

    init(_ package: ScannedPackage, _ analyzer: FileAnalyzer) {
        self.package = package
        self.analyzer = analyzer
    }

    mutating func drop(_ kind: DroppedItem.Kind, _ detail: String) {
        package.dropped.append(DroppedItem(kind, detail))
    }

    /// Whether a member goes into the layout; lists it if not.
    private mutating func keeps(_ place: UsrMapping.Place, _ name: BytePath, isDirectory: Bool, isLink: Bool) -> Bool {
        switch place {
        case .kept: return true
        case .implied:
            if !isDirectory { drop(.path, "/\(name.display)\(isLink ? " (link of the root)" : "")") }
        case .dropped: drop(.path, "/\(name.display)")
        }
        return false
    }

    /// Adds what an archive has under a name, if that goes into the layout.
    mutating func add(
        _ member: HardLinks.Member, at parts: [ArraySlice<UInt8>], _ place: UsrMapping.Place
    ) throws(DebianImportError) {
        let name = UsrMapping.joined(parts)
        switch member {
        case .file(let file):
            guard keeps(place, name, isDirectory: false, isLink: false) else { return }
            try add(file, parts, place)
        case .other(let entry):
            guard keeps(place, name, isDirectory: entry.isDirectory, isLink: entry.isSymlink) else { return }
            try add(entry, parts, place)
        }
    }

    private mutating func add(
        _ file: PackageScanner.Original, _ parts: [ArraySlice<UInt8>], _ place: UsrMapping.Place
    ) throws(DebianImportError) {
        guard case .kept(let path) = place else { return }
        sizes[file.digest] = file.size
        let entry = LayoutEntry(
            path: path, kind: .regular(file.digest), mode: 0o100000 | file.mode, uid: file.uid, gid: file.gid)
        try insert(entry, from: parts)
    }

    private mutating func add(
        _ member: ArchiveEntry, _ parts: [ArraySlice<UInt8>], _ place: UsrMapping.Place
    ) throws(DebianImportError) {
        guard case .kept(let path) = place else { return }
        let mode = member.mode & 0o7777
        let name = UsrMapping.joined(parts).display
        if member.isDirectory {
            try insert(
                LayoutEntry(path: path, kind: .directory, mode: 0o040000 | mode, uid: member.uid, gid: member.gid),
                from: parts)
        } else if member.isSymlink, let target = member.symlinkTarget {
            guard !target.isEmpty, target.count <= 4095 else {
                throw DebianImportError(.unsafePath, package.file, "the link /\(name) has an impossible text")
            }
            let link = UsrMapping.link(target, at: parts, movedTo: path)
            if link.isLoop {
                drop(.path, "/\(name) (a link to its own place once /usr is merged)")
                return
            }
            if link.target != target {
                drop(.rewrittenLink, "/\(name): \(target.display) became \(link.target.display)")
            }
            try insert(
                LayoutEntry(
                    path: path, kind: .symlink(link.target), mode: 0o120777, uid: member.uid, gid: member.gid),
                from: parts)
        } else {
            drop(.specialFile, "/\(name)")
        }
    }

    /// Adds an entry. Where merging `/usr` put two members in one place the first stays, unless it is a link and the
    /// second a file; what gives way is listed.
    private mutating func insert(_ entry: LayoutEntry, from parts: [ArraySlice<UInt8>]) throws(DebianImportError) {
        guard let present = entries.updateValue(entry, forKey: entry.path) else { return }
        let isSame = present == entry
        if isSame || present.kind == .directory && entry.kind == .directory { return }
        let name = UsrMapping.joined(parts).display
        guard (present.kind == .directory) == (entry.kind == .directory) else {
            throw DebianImportError(
                .unsafePath, package.file, "/\(name) is a directory and something else once /usr is merged")
        }
        if case .symlink = present.kind, case .regular = entry.kind {
            drop(.fileConflict, "/usr/\(entry.path.display): the link is replaced by /\(name)")
        } else {
            entries[entry.path] = present
            drop(.fileConflict, "/\(name): /usr/\(entry.path.display) is there already")
        }
    }

    /// Takes in what a file says of its package.
    mutating func note(_ findings: ContentScanner.Findings, at path: BytePath) {
        if let problem = findings.facts.elfProblem { drop(.unreadableELF, "/usr/\(path.display): \(problem)") }
        package.licenses.formUnion(findings.licenses)
        package.capabilities.formUnion(findings.facts.capabilities)
    }

    /// The package with its layout; directories that others imply are left out.
    consuming func finish() -> ScannedPackage {
        var parents: Set<BytePath> = []
        for path in entries.keys { parents.insert(path.parent) }
        for entry in entries.values.sorted(by: { $0.path < $1.path }) {
            if entry.kind == .directory {
                let isPlain = entry.mode == 0o040755 && entry.uid == 0 && entry.gid == 0
                if isPlain && parents.contains(entry.path) { continue }
            } else {
                // Links have what the files do not say that they lead to.
                package.capabilities.provides.formUnion(analyzer.providers(at: entry.path))
            }
            if case .regular(let digest) = entry.kind { package.sizes[digest] = sizes[digest] }
            package.entries.append(entry)
        }
        package.dropped.sort { ($0.kind.rawValue, $0.detail) < ($1.kind.rawValue, $1.detail) }
        return package
    }
}
