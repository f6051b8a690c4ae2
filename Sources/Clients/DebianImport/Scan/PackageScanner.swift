import BytePath
import Digests
import ELF
import PackageModel

/// The first pass over one .deb: layout, digests and capabilities, without keeping content.
struct PackageScanner {
    let file: BytePath
    /// Where large ELF files may be put down while they are looked at.
    let scratchDirectory: BytePath
    /// Distinguishes this scan's scratch file from others'.
    let scratchName: String

    /// A regular file as the archive has it, for the hard links to it.
    struct Original {
        let digest: Digest128
        let size: UInt64
        let mode: UInt32
        let uid: UInt32
        let gid: UInt32
    }

    /// Control members that say nothing the stone does not say.
    private static let redundantMembers: Set<String> = ["md5sums", "shlibs", "symbols", "sha256sums"]

    func scan() throws(DebianImportError) -> ScannedPackage {
        var package: ScannedPackage?
        try DebFile(path: file).read { (control) throws(DebianImportError) in
            package = scanned(control)
        } data: { (archive) throws(DebianImportError) in
            guard let start = package else { return }
            var layout = LayoutCollector(start)
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
        var originals: [BytePath: Original] = [:]
        var content = ContentScanner(directory: scratchDirectory, name: scratchName)
        while let entry = try archive.nextEntry() {
            guard let parts = UsrMapping.components(entry.path) else {
                throw DebianImportError(.unsafePath, file, "the path \"\(entry.path.display)\" is not allowed")
            }
            let name = UsrMapping.joined(parts)
            for attribute in entry.attributeNames {
                layout.drop(.extendedAttribute, "\(attribute) of /\(name.display)")
            }
            let place = UsrMapping.place(parts)
            if let target = entry.hardLinkTarget {
                let original = try hardLink(target, entry, originals)
                originals[name] = original
                if layout.keeps(place, name, isDirectory: false, isLink: false) {
                    try layout.add(original, parts, place)
                }
            } else if entry.isRegular {
                let path: BytePath? = if case .kept(let path) = place { path } else { nil }
                let facts = try content.read(&archive, as: path ?? name)
                let original = Original(
                    digest: facts.digest, size: facts.size, mode: entry.mode & 0o7777, uid: entry.uid, gid: entry.gid)
                originals[name] = original
                guard layout.keeps(place, name, isDirectory: false, isLink: false) else { continue }
                try layout.add(original, parts, place)
                if let path { layout.note(facts, at: path) }
            } else if layout.keeps(place, name, isDirectory: entry.isDirectory, isLink: entry.isSymlink) {
                try layout.add(entry, parts, place)
            }
        }
    }

    private func hardLink(
        _ target: BytePath, _ entry: ArchiveEntry, _ originals: [BytePath: Original]
    ) throws(DebianImportError) -> Original {
        guard let parts = UsrMapping.components(target) else {
            throw DebianImportError(.unsafePath, file, "the hard link target \"\(target.display)\" is not allowed")
        }
        guard let original = originals[UsrMapping.joined(parts)] else {
            throw DebianImportError(
                .damaged, file, "\(entry.path.display) is a hard link to \(target.display), which the package has not")
        }
        return original
    }
}
