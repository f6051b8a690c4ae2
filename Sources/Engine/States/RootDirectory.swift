package import BytePath
internal import Failures
package import LinuxSystem
package import ObjectStore

/// A directory that holds a system: `usr` and the tools' own `.moss`.
///
/// ```
/// usr/                 the live tree; usr/.stateID is the active state's number, without newline
/// bin, lib, …          links into usr
/// .moss/format         which version of this, and whether owners are applied: see RootFormat
/// .moss/lock           held by the command that changes the root
/// .moss/changing       there while a command changes the root, and after one that was stopped
/// .moss/unswept        there after a command was stopped or failed that may have left objects nobody needs
/// .moss/reserve        space that is given up when a full disk keeps garbage from being collected
/// .moss/pins/N         there while state N must stay; holds its name
/// .moss/trees/N        trees that are not live: spares, retired and staged ones; mode 0700
/// .moss/trees.lock     held while trees are written
/// .moss/states/N       one file per state
/// .moss/db             the database
/// .moss/objects        see ObjectStore
/// .moss/packages       see PackageCatalog
/// .moss/leases         see Lease
/// ```
package final class RootDirectory: Sendable {
    package let path: BytePath
    package let root: Descriptor
    package let moss: Descriptor
    package let trees: Descriptor
    package let states: Descriptor
    package let ownership: ObjectStore.Ownership
    package let possession: Possession
    /// When it was opened.
    package let format: RootFormat

    package static let stateFileName = ".stateID"
    static let lockName: BytePath = "lock"
    static let treesLockName: BytePath = "trees.lock"
    /// Root links and where they lead.
    package static let links: [(name: String, target: String)] = [
        ("bin", "usr/bin"), ("sbin", "usr/sbin"), ("lib", "usr/lib"), ("lib32", "usr/lib32"), ("lib64", "usr/lib"),
    ]

    /// Opens a root that was initialised earlier.
    package convenience init(opening path: BytePath) throws(StateError) {
        let root = try Self.open(path)
        guard try StateError.at(path, { () throws(SystemError) in try root.statusIfPresent(of: ".moss") }) != nil else {
            throw .notARoot(path)
        }
        let moss = try StateError.at(path) { () throws(SystemError) in try root.openDirectory(".moss") }
        guard let file = try RootFormat.read(path, moss) else { throw .notARoot(path) }
        try self.init(path, root, moss, file.recordsOwners ? .recorded : .applied, file.format)
    }

    private init(
        _ path: BytePath, _ root: consuming Descriptor, _ moss: consuming Descriptor,
        _ ownership: ObjectStore.Ownership, _ format: RootFormat
    ) throws(StateError) {
        self.path = path
        self.format = format
        possession = try StateError.at(path) { () throws(SystemError) in try Possession(of: root, moss) }
        // Of somebody else's root only the kernel's word counts, and that has one owner for all of it.
        self.ownership = possession.isTrusted ? ownership : .recorded
        // Only the owner may read it; for reading states a mere place is enough.
        // A copy of a root may lack directories that were empty.
        let isOwn = possession.isOwn
        trees = try StateError.at(path.appending(".moss")) { () throws(SystemError) in
            try moss.openDirectory("trees", making: isOwn, mode: 0o700, .pathOnly)
        }
        states = try StateError.at(path.appending(".moss")) { () throws(SystemError) in
            try moss.openDirectory("states", making: isOwn)
        }
        self.root = root
        self.moss = moss
    }

    /// Refuses to change a root, or a root a part of which, belongs to another user: neither could go on with it after
    /// the other, and what that user changes meanwhile could lead anywhere.
    package func checkOwner() throws(StateError) {
        switch possession {
        case .own: return
        case .trusted(let owner): throw .foreignOwner(path, uid: owner)
        case .foreign(let part, let owner):
            throw part == ".moss" ? .foreignOwner(path, uid: owner) : .foreignPart(path.appending(part), uid: owner)
        }
    }

    /// Whom everything belongs to where owners are records only; nil where they are applied.
    package var recordedOwner: (uid: UInt32, gid: UInt32)? {
        get throws(StateError) {
            guard ownership == .recorded else { return nil }
            let status = try system(below: ".moss") { () throws(SystemError) in try moss.status() }
            return (status.uid, status.gid)
        }
    }

    /// Makes `path` a root: it must not exist, be empty, or be a root already. Owners of files are applied when this
    /// is done as root.
    /// - Returns: whether it was made now.
    package static func initialise(_ path: BytePath) throws(StateError) -> Bool {
        guard let root = try prepare(path) else { return false }
        try root.seal()
        return true
    }

    /// The directories of a root to be, which must not exist, be empty, or be left of an earlier try; nil for what is a
    /// root already. It becomes one with ``seal()``.
    package static func prepare(_ path: BytePath) throws(StateError) -> RootDirectory? {
        let root: Descriptor = try StateError.at(path) { () throws(SystemError) in try openOrMake(path) }
        if let owner = try StateError.at(path, { () throws(SystemError) in try foreignOwner(of: root) }) {
            throw .foreignPart(path, uid: owner)
        }
        do throws(SystemError) {
            if try root.statusIfPresent(of: ".moss/format") != nil { return nil }
            try checkEmpty(root, path)
            try fill(root)
        } catch {
            if error.number == .directoryNotEmpty { throw .notEmpty(path) }
            throw .system(error.below(path))
        }
        let moss = try StateError.at(path) { () throws(SystemError) in try root.openDirectory(".moss") }
        return try RootDirectory(
            path, root, moss, CurrentProcess.canApplyOwners ? .applied : .recorded, .current)
    }

    private static func foreignOwner(of root: borrowing Descriptor) throws(SystemError) -> UInt32? {
        try root.isTrusted ? nil : root.status().uid
    }

    private static func checkEmpty(_ root: borrowing Descriptor, _ path: BytePath) throws(SystemError) {
        for entry in try root.entries() {
            // An initialisation that was cut short left nothing but these.
            switch entry.name.display {
            case ".moss", "lost+found": continue
            case "usr", "etc": if try root.openDirectory(entry.name).entries().isEmpty { continue }
            default:
                if entry.kind == .symlink, links.contains(where: { BytePath($0.name) == entry.name }) { continue }
            }
            throw SystemError(.directoryNotEmpty, call: "init", path: path)
        }
    }

    /// Makes it a root, for good: everything that was put into it is on disk before the file that says so.
    package func seal() throws(StateError) {
        try StateError.at(path.appending(".moss")) { () throws(SystemError) in try moss.syncFileSystem() }
        try write(.current)
    }

    /// Gives a database that was made just now the owner and mode that everything in `.moss` has.
    package func settleDatabase(_ name: BytePath) throws(StateError) {
        try StateError.at(path.appending(".moss")) { () throws(SystemError) in
            try moss.open(name.appending("data.mdb"), [.readWrite, .noFollow]).settle(mode: 0o644)
        }
    }

    private static func open(_ path: BytePath) throws(StateError) -> Descriptor {
        do throws(SystemError) {
            return try Descriptor.openDirectory(path)
        } catch {
            throw error.number == .noSuchFile ? .noDirectory(path) : .system(error.below(path))
        }
    }

    private static func openOrMake(_ path: BytePath) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            return try Descriptor.openDirectory(path)
        } catch {
            guard error.number == .noSuchFile else { throw error }
            var place = path
            while place.count > 1, place.bytes.last == UInt8(ascii: "/") { place.bytes.removeLast() }
            let parent = try Descriptor.openDirectory(place.parent.isEmpty ? "." : place.parent)
            do throws(SystemError) {
                try parent.makeDirectory(place.lastComponent)
                return try parent.openDirectory(place.lastComponent)
            } catch {
                throw error.below(place.parent)
            }
        }
    }

    private static func fill(_ root: borrowing Descriptor) throws(SystemError) {
        try root.ensureDirectory("usr")
        try root.ensureDirectory("etc")
        for (name, target) in links {
            if try root.statusIfPresent(of: BytePath(name)) == nil {
                try root.makeSymlink(BytePath(name), to: BytePath(target))
            }
        }
        try root.ensureDirectory(".moss")
        let moss = try root.openDirectory(".moss")
        do throws(SystemError) {
            try moss.ensureDirectory("states")
            // A database without states is what an initialisation left that was cut short, perhaps half of one.
            if try moss.openDirectory("states").entries().isEmpty { try moss.removeTree("db") }
            try moss.ensureDirectory("db")
            try moss.ensureDirectory("trees", mode: 0o700)
        } catch {
            throw error.below(".moss")
        }
    }

    /// Puts the root's links right: `bin` to `usr/bin` and so on. A real directory in their place is an error.
    package func repairLinks() throws(StateError) {
        for (name, target) in Self.links {
            let link = BytePath(name)
            if let status = try system({ () throws(SystemError) in try root.statusIfPresent(of: link) }) {
                guard status.kind == .symlink else { throw .linkInTheWay(path.appending(link)) }
                if try system({ () throws(SystemError) in try root.readLink(link) }) == BytePath(target) { continue }
            }
            let next = BytePath("\(name).next")
            try system { () throws(SystemError) in
                try? root.unlink(next)
                try root.makeSymlink(next, to: BytePath(target))
                try root.rename(next, to: link)
            }
        }
    }

    /// The number in `usr/.stateID`; nil where there is none: no file, something else in its place, or no number in it.
    package func liveStateNumber() throws(StateError) -> UInt64? {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try root.readFile("usr/.stateID", limit: 4096, followingLinks: true)
        } catch {
            if error.saysNothing { throw .system(error.below(path)) }
            return nil
        }
        return UInt64(String(decoding: bytes, as: UTF8.self)).flatMap(State.number)
    }

    /// Takes the lock that keeps two commands from changing the root at once.
    ///
    /// - Parameter waiting: called with the holder's own line before this waits; without it, a held lock is an error.
    package func lock(holder: String, waiting: ((String) -> Void)?) throws(StateError) -> FileLock {
        try take(Self.lockName, holder, waiting)
    }

    /// Takes the lock under which trees are written.
    ///
    /// - Parameter waiting: called with the holder's own line before this waits.
    package func lockTrees(holder: String, waiting: (String) -> Void) throws(StateError) -> FileLock {
        try withoutActuallyEscaping(waiting) { (waiting) throws(StateError) in
            try take(Self.treesLockName, holder, waiting)
        }
    }

    private func take(
        _ name: BytePath, _ holder: String, _ waiting: ((String) -> Void)?
    ) throws(StateError) -> FileLock {
        do throws(FileLock.Failure) {
            return try FileLock(on: name, below: moss, holder: holder, wait: false)
        } catch {
            guard case .held(let other) = error, let waiting else { throw lockError(error) }
            waiting(other)
        }
        do throws(FileLock.Failure) {
            return try FileLock(on: name, below: moss, holder: holder, wait: true)
        } catch {
            throw lockError(error)
        }
    }

    private func lockError(_ failure: FileLock.Failure) -> StateError {
        switch failure {
        case .held(let by): .locked(path, by: by)
        case .unusable(let name, let what): .lockInTheWay(path.appending(".moss").appending(name), what)
        case .system(let error): .system(error.below(path.appending(".moss")))
        }
    }

    /// Runs `body` and puts the root, or `directory` in it, before relative paths in its error.
    package func system<R: ~Copyable>(
        below directory: BytePath = "", _ body: () throws(SystemError) -> R
    ) throws(StateError) -> R {
        try StateError.at(path.appending(directory), body)
    }
}
