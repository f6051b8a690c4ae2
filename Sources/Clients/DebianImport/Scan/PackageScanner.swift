import BytePath
import Digests
import PackageAnalysis
import PackageModel

/// The first pass over one .deb: layout, digests and capabilities, without keeping content.
struct PackageScanner {
    let file: BytePath
    /// Where large ELF files may be put down while they are looked at.
    let scratchDirectory: BytePath
    /// Distinguishes this scan's scratch file from others'.
    let scratchName: BytePath

    /// A regular file as the archive has it, for the hard links to it too.
    struct Original {
        let digest: ObjectID
        let size: UInt64
        let mode: UInt32
        let uid: UInt32
        let gid: UInt32
    }

    private let analyzer = FileAnalyzer(isSearched: UsrMapping.isLibraryDirectory)

    /// Control members that say nothing the stone does not say.
    private static let redundantMembers: Set<String> = ["md5sums", "shlibs", "symbols", "sha256sums"]

    func scan() throws(DebianImportError) -> ScannedPackage {
        var package: ScannedPackage?
        try DebFile(path: file).read { (control) throws(DebianImportError) in
            package = scanned(control)
        } data: { (archive) throws(DebianImportError) in
            guard let start = package else { return }
            var layout = LayoutCollector(start, analyzer)
            try read(&archive, into: &layout)
            package = layout.finish()
        }
        guard let package else { throw DebianImportError(.notADebianPackage, file, "it has no control archive") }
        return package
    }

    private func scanned(_ control: DebFile.Control) -> ScannedPackage {
        var package = ScannedPackage(file: file, control: control.control)
        for member in control.otherMembers where !Self.redundantMembers.contains(member) {
            package.dropped.append(DroppedItem(.controlMember, member))
        }
        for path in control.conffiles {
            let isEtc = path.bytes.starts(with: "/etc/".utf8)
            if !isEtc { package.dropped.append(DroppedItem(.changed, "\(path.display) is a conffile outside /etc")) }
        }
        return package
    }

    private func read(
        _ archive: inout ArchiveReader, into layout: inout LayoutCollector
    ) throws(DebianImportError) {
        var links = HardLinks(file)
        var content = ContentScanner(analyzer, directory: scratchDirectory, name: scratchName)
        while let entry = try archive.nextEntry() {
            let parts = try components(entry.path, "path")
            let name = UsrMapping.joined(parts)
            for attribute in entry.attributeNames {
                layout.drop(.extendedAttribute, "\(attribute) of /\(name.display)")
            }
            let place = UsrMapping.place(parts)
            if let target = entry.hardLinkTarget {
                let targetParts = try components(target, "hard link target")
                if let member = links.find(targetParts) {
                    try layout.add(member, at: parts, place)
                    links.note(member, at: parts)
                } else {
                    links.postpone(parts, to: targetParts)
                }
            } else if entry.isRegular {
                let path: BytePath? = if case .kept(let path) = place { path } else { nil }
                let findings = try content.read(&archive, as: path ?? name)
                let original = Original(
                    digest: findings.digest, size: findings.size, mode: entry.mode & 0o7777, uid: entry.uid,
                    gid: entry.gid)
                links.note(.file(original), at: parts)
                try layout.add(.file(original), at: parts, place)
                if let path { layout.note(findings, at: path) }
            } else {
                if !entry.isDirectory { links.note(.other(entry), at: parts) }
                try layout.add(.other(entry), at: parts, place)
            }
        }
        for (member, parts) in try links.postponed() {
            try layout.add(member, at: parts, UsrMapping.place(parts))
        }
    }

    private func components(_ path: BytePath, _ what: String) throws(DebianImportError) -> [ArraySlice<UInt8>] {
        guard let parts = UsrMapping.components(path) else {
            throw DebianImportError(.unsafePath, file, "the \(what) \"\(path.display)\" is not allowed")
        }
        return parts
    }
}
