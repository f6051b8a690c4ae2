package import BytePath
package import Downloads
internal import LinuxSystem

/// Which collections there are: where each is, who vouches for it, and which file says so.
///
/// The files below a root that configure collections.
///
/// The vendor's lie in `usr/share/moss`, the administrator's in `etc/moss`; in both these are `repo.yaml` or `repo.kdl`
/// and `repo.d/*.yaml` and `*.kdl`. Of two whose paths differ in that suffix only the one in KDL is read. A definition
/// in `etc` wins over the vendor's, one in `repo.d` over that in `repo.yaml` beside it, and of two in one directory the
/// one in the file whose name sorts later. Only `etc` is ever written.
package struct ConfigurationFiles: Sendable {
    package let root: BytePath
    /// Told of a vendor's file that is left out, in one line.
    private let notice: @Sendable (String) -> Void

    private static let vendorDirectory: BytePath = "usr/share/moss"
    private static let directory: BytePath = "etc/moss"
    /// The directory in each of them.
    private static let place: BytePath = "repo.d"
    private static let sizeMax = 1 << 20

    package init(root: BytePath, notice: @escaping @Sendable (String) -> Void = { _ in }) {
        self.root = root
        self.notice = notice
    }

    /// Every collection, the preferred one first.
    ///
    /// A file of the administrator's that cannot be read or understood is an error. One of the vendor's is left out and
    /// `notice` told: packages bring these, and none must be able to prevent that it is removed.
    package func load() throws(RepositoryError) -> [CollectionConfiguration] { try survey().configurations }

    /// The same, and whether nothing had to be left out.
    package func survey() throws(RepositoryError) -> (configurations: [CollectionConfiguration], isWhole: Bool) {
        var merged: [CollectionID: CollectionConfiguration] = [:]
        let (vendor, failures) = vendorFiles()
        for failure in failures { notice("\(failure); left out, with the collections it defines") }
        for file in try vendor + files(in: Self.directory) {
            for configuration in file.configurations { merged[configuration.id] = configuration }
        }
        return (merged.values.sorted(by: CollectionConfiguration.precedes), failures.isEmpty)
    }

    /// Stores a collection: in the file of `etc` that defines it, in that one's language, else in a new one named after
    /// it.
    package func store(_ configuration: CollectionConfiguration) throws(RepositoryError) {
        let existing = try files(in: Self.directory)
        let owner = existing.last { file in file.configurations.contains { $0.id == configuration.id } }
        let new = ["kdl", "yaml"].map { Self.place.appending("\(configuration.id).\($0)") }
        // Beside one in KDL a new one in YAML would not be read.
        let taken = existing.first { $0.path == new[0] }
        var configurations = (owner ?? taken ?? existing.first { $0.path == new[1] })?.configurations ?? []
        if let index = configurations.firstIndex(where: { $0.id == configuration.id }) {
            configurations[index] = configuration
        } else {
            configurations.append(configuration)
        }
        try write(configurations, to: (owner ?? taken)?.path ?? new[1])
    }

    /// Takes a collection out of every file of `etc`.
    ///
    /// Throws `vendorDefined` where the vendor has defined it too, and changes nothing then: it would come back with
    /// the vendor's settings.
    package func remove(_ id: CollectionID) throws(RepositoryError) {
        let defines = { (file: File) in file.configurations.contains { $0.id == id } }
        if let vendor = vendorFiles().files.last(where: defines) {
            let path = root.appending(Self.vendorDirectory).appending(vendor.path)
            throw RepositoryError(
                .vendorDefined, id.text, "the collection is defined in \(path), which is not ours to change; disable it"
            )
        }
        let owners = try files(in: Self.directory).filter(defines)
        guard !owners.isEmpty else {
            throw RepositoryError(.unknownCollection, id.text, "there is no such collection")
        }
        for file in owners { try write(file.configurations.filter { $0.id != id }, to: file.path) }
    }

    private struct File {
        /// Below the vendor's or the administrator's directory.
        var path: BytePath
        var configurations: [CollectionConfiguration]
    }

    /// The administrator's files by rising precedence; the first that cannot be used is an error.
    private func files(in directory: BytePath) throws(RepositoryError) -> [File] {
        var files: [File] = []
        for path in try paths(in: directory) { files.append(try file(path, in: directory)) }
        return files
    }

    /// The vendor's files by rising precedence, and what could not be used.
    private func vendorFiles() -> (files: [File], failures: [RepositoryError]) {
        var files: [File] = []
        var failures: [RepositoryError] = []
        do throws(RepositoryError) {
            for path in try paths(in: Self.vendorDirectory) {
                do throws(RepositoryError) {
                    files.append(try file(path, in: Self.vendorDirectory))
                } catch {
                    failures.append(error)
                }
            }
        } catch {
            failures.append(error)
        }
        return (files, failures)
    }

    /// The files that count, by rising precedence.
    private func paths(in directory: BytePath) throws(RepositoryError) -> [BytePath] {
        let names = try names(in: directory)
        var paths = Self.chosen(names).filter { $0 == "repo.yaml" || $0 == "repo.kdl" }
        if names.contains(Self.place) {
            paths += Self.chosen(try self.names(in: directory.appending(Self.place))).map { Self.place.appending($0) }
        }
        return paths
    }

    /// Of the names those of configuration files, without what is there in KDL too.
    private static func chosen(_ names: [BytePath]) -> [BytePath] {
        let known = Set(names)
        return names.filter { name in
            guard name.bytes.first != UInt8(ascii: "."), let language = ConfigurationText(ofFile: name) else {
                return false
            }
            return language == .kdl || !known.contains(twin(of: name, with: ".kdl"))
        }.sorted()
    }

    /// The file's path with another suffix.
    private static func twin(of path: BytePath, with suffix: String) -> BytePath {
        let stem = path.bytes.prefix(upTo: path.bytes.lastIndex(of: UInt8(ascii: ".")) ?? path.bytes.endIndex)
        return BytePath(bytes: Array(stem) + Array(suffix.utf8))
    }

    /// What a directory holds; nothing where there is none.
    private func names(in directory: BytePath) throws(RepositoryError) -> [BytePath] {
        let top = try reporting(below: root) { () throws(SystemError) in try Descriptor.openDirectory(root) }
        let names = try reporting(below: root) { () throws(SystemError) -> [BytePath]? in
            do throws(SystemError) {
                let place = try top.openTrusting(directory)
                return try place.status().kind == .directory ? place.entries().map(\.name) : nil
            } catch {
                if error.number == .noSuchFile { return [] }
                if error.number == .notAFile { return nil }
                throw error.on(directory)
            }
        }
        guard let names else {
            throw RepositoryError(
                .invalidLocation, root.appending(directory).display,
                "this is not a directory; move it away, and the collections' files belong into a new one")
        }
        return names
    }

    private func file(_ relative: BytePath, in directory: BytePath) throws(RepositoryError) -> File {
        let path = root.appending(directory).appending(relative)
        let file = try reporting(below: root) { () throws(SystemError) in
            try Descriptor.openDirectory(root).openTrusting(directory.appending(relative))
        }
        let regular = try RegularFile(file, path)
        let bytes = try reporting(below: path) { () throws(SystemError) in
            try regular.file.readAll(limit: Self.sizeMax)
        }
        let language = ConfigurationText(ofFile: relative) ?? .yaml
        return File(path: relative, configurations: try language.parse(bytes, file: path))
    }

    /// Replaces a file as one; without configurations it goes away. It is on disk when this returns.
    private func write(_ configurations: [CollectionConfiguration], to relative: BytePath) throws(RepositoryError) {
        let name = relative.lastComponent
        let path = Self.directory.appending(relative).parent
        let language = ConfigurationText(ofFile: name) ?? .yaml
        try reporting(below: root.appending(path)) { () throws(SystemError) in
            let directory = try openForWriting(path)
            // What a command left that was stopped while it wrote here.
            for half in try directory.temporaryFiles() where Self.isHalf(half, in: path) {
                try directory.unlink(half)
            }
            let other = Self.twin(of: name, with: ".yaml")
            let covered = language == .kdl ? try directory.statusIfPresent(of: other) : nil
            if !configurations.isEmpty {
                try directory.replaceFile(name, with: language.encode(configurations), durable: true)
            } else if covered != nil {
                // Without it the other one would be read again, and what was just removed might be back.
                let text = "// While this file is here, \(other) is not read.\n"
                try directory.replaceFile(name, with: Array(text.utf8), durable: true)
            } else {
                try directory.unlink(name)
                try directory.syncDirectory()
            }
        }
    }

    /// A directory of `etc`, made where it is not there.
    private func openForWriting(_ path: BytePath) throws(SystemError) -> Descriptor {
        var directory = try Descriptor.openDirectory(root)
        for component in path.components {
            if try directory.statusIfPresent(of: BytePath(component)) == nil {
                try directory.ensureDirectory(BytePath(component))
                try directory.syncDirectory()
            }
            directory = try directory.openDirectory(BytePath(component))
            // Whoever can put other files into the place of ours could have us write anywhere.
            guard try directory.isTrusted else {
                throw SystemError(.notPermitted, call: "open", path: path)
            }
        }
        return directory
    }

    /// Whether a temporary file is one of ours; `etc/moss` has those of others.
    private static func isHalf(_ name: BytePath, in path: BytePath) -> Bool {
        path == directory
            ? name == "repo.yaml.next" || name == "repo.kdl.next"
            : name.bytes.hasSuffix(".yaml.next") || name.bytes.hasSuffix(".kdl.next")
    }
}

extension [UInt8] {
    /// Whether the bytes end with the ASCII text `suffix` and hold more than it.
    package func hasSuffix(_ suffix: StaticString) -> Bool {
        suffix.withUTF8Buffer { count > $0.count && self.suffix($0.count).elementsEqual($0) }
    }
}
