import BytePath

/// What the hard links of an archive are other names of: files, symbolic links and all else but directories.
struct HardLinks {
    /// A member that may have several names.
    enum Member {
        case file(PackageScanner.Original)
        /// A symbolic link or a special file.
        case other(ArchiveEntry)
    }

    /// A name's components.
    typealias Parts = [ArraySlice<UInt8>]

    private let file: BytePath
    /// By path in the archive.
    private var members: [BytePath: Member] = [:]
    /// By path below `/usr`: a merged system knows one file under two paths.
    private var placed: [BytePath: Member] = [:]
    private var waiting: [(parts: Parts, target: Parts)] = []

    /// - Parameter file: the .deb, for errors.
    init(_ file: BytePath) {
        self.file = file
    }

    mutating func note(_ member: Member, at parts: Parts) {
        members[UsrMapping.joined(parts)] = member
        if case .kept(let path) = UsrMapping.place(parts) { placed[path] = member }
    }

    /// What `target` is a name of, as far as the archive was read.
    func find(_ target: Parts) -> Member? {
        if let member = members[UsrMapping.joined(target)] { return member }
        guard case .kept(let path) = UsrMapping.place(target) else { return nil }
        return placed[path]
    }

    /// Keeps a link to what has not come yet.
    mutating func postpone(_ parts: Parts, to target: Parts) {
        waiting.append((parts, target))
    }

    /// The links that were kept, which may be links to each other.
    mutating func postponed() throws(DebianImportError) -> [(Member, Parts)] {
        var found: [(Member, Parts)] = []
        var names: [BytePath: [Parts]] = [:]
        var ready: [Parts] = []
        for (parts, target) in waiting {
            if let member = find(target) {
                note(member, at: parts)
                found.append((member, parts))
                ready.append(parts)
            } else {
                names[Self.key(target), default: []].append(parts)
            }
        }
        while let target = ready.popLast() {
            guard let member = find(target), let links = names.removeValue(forKey: Self.key(target)) else { continue }
            for parts in links {
                note(member, at: parts)
                found.append((member, parts))
                ready.append(parts)
            }
        }
        if let (_, lost) = names.min(by: { $0.key < $1.key }), let parts = lost.first,
            let target = waiting.first(where: { $0.parts == parts })?.target
        {
            throw DebianImportError(
                .damaged, file,
                "\(UsrMapping.joined(parts).display) is a hard link to \(UsrMapping.joined(target).display),"
                    + " and there is no such file in the package")
        }
        return found
    }

    /// One for all paths of a file on a merged system.
    private static func key(_ parts: Parts) -> BytePath {
        if case .kept(let path) = UsrMapping.place(parts) { return BytePath("/usr").appending(path) }
        return UsrMapping.joined(parts)
    }
}
