package import BytePath
package import Downloads
internal import LinuxSystem

/// The files below a root that configure collections.
///
/// The vendor's lie in `usr/share/moss/repo.d`, the administrator's in `etc/moss/repo.d`; both hold files named
/// `*.yaml`. A definition in `etc` wins over the vendor's, and of two in one directory the one in the file whose name
/// sorts later. Only `etc` is ever written.
package struct ConfigurationFiles: Sendable {
    package let root: BytePath
    /// Told of a vendor's file that is left out, in one line.
    private let notice: @Sendable (String) -> Void

    private static let vendorDirectory: BytePath = "usr/share/moss/repo.d"
    private static let directory: BytePath = "etc/moss/repo.d"
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
    func survey() throws(RepositoryError) -> (configurations: [CollectionConfiguration], isWhole: Bool) {
        var merged: [CollectionID: CollectionConfiguration] = [:]
        let (vendor, failures) = vendorFiles()
        for failure in failures { notice("\(failure); left out, with the collections it defines") }
        for file in try vendor + files(in: Self.directory) {
            for configuration in file.configurations { merged[configuration.id] = configuration }
        }
        return (merged.values.sorted(by: CollectionConfiguration.precedes), failures.isEmpty)
    }

    /// Stores a collection: in the file of `etc` that defines it, else in a new one named after it.
    package func store(_ configuration: CollectionConfiguration) throws(RepositoryError) {
        let existing = try files(in: Self.directory)
        let owner = existing.last { file in file.configurations.contains { $0.id == configuration.id } }
        let name = owner?.name ?? BytePath("\(configuration.id).yaml")
        var configurations = existing.first { $0.name == name }?.configurations ?? []
        if let index = configurations.firstIndex(where: { $0.id == configuration.id }) {
            configurations[index] = configuration
        } else {
            configurations.append(configuration)
        }
        try write(configurations, to: name)
    }

    /// Takes a collection out of every file of `etc`.
    ///
    /// Throws `vendorDefined` where the vendor has defined it too, and changes nothing then: it would come back with
    /// the vendor's settings.
    package func remove(_ id: CollectionID) throws(RepositoryError) {
        let defines = { (file: File) in file.configurations.contains { $0.id == id } }
        if let vendor = vendorFiles().files.last(where: defines) {
            let path = root.appending(Self.vendorDirectory).appending(vendor.name)
            throw RepositoryError(
                .vendorDefined, id.text, "the collection is defined in \(path), which is not ours to change; disable it"
            )
        }
        let owners = try files(in: Self.directory).filter(defines)
        guard !owners.isEmpty else {
            throw RepositoryError(.unknownCollection, id.text, "there is no such collection")
        }
        for file in owners { try write(file.configurations.filter { $0.id != id }, to: file.name) }
    }

    private struct File {
        var name: BytePath
        var configurations: [CollectionConfiguration]
    }

    /// The administrator's files by name; the first that cannot be used is an error.
    private func files(in directory: BytePath) throws(RepositoryError) -> [File] {
        var files: [File] = []
        for name in try names(in: directory) { files.append(try file(name, in: directory)) }
        return files
    }

    /// The vendor's files by name, and what could not be used.
    private func vendorFiles() -> (files: [File], failures: [RepositoryError]) {
        var files: [File] = []
        var failures: [RepositoryError] = []
        do throws(RepositoryError) {
            for name in try names(in: Self.vendorDirectory) {
                do throws(RepositoryError) {
                    files.append(try file(name, in: Self.vendorDirectory))
                } catch {
                    failures.append(error)
                }
            }
        } catch {
            failures.append(error)
        }
        return (files, failures)
    }

    /// The names of one directory's configuration files; none where there is no directory.
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
        return names.filter { $0.bytes.first != UInt8(ascii: ".") && $0.bytes.hasSuffix(".yaml") }.sorted()
    }

    private func file(_ name: BytePath, in directory: BytePath) throws(RepositoryError) -> File {
        let path = root.appending(directory).appending(name)
        let file = try reporting(below: root) { () throws(SystemError) in
            try Descriptor.openDirectory(root).openTrusting(directory.appending(name))
        }
        let regular = try RegularFile(file, path)
        let bytes = try reporting(below: path) { () throws(SystemError) in
            try regular.file.readAll(limit: Self.sizeMax)
        }
        return File(name: name, configurations: try ConfigurationText.parse(bytes, file: path))
    }

    /// Replaces a file as one; without configurations it goes away. It is on disk when this returns.
    private func write(_ configurations: [CollectionConfiguration], to name: BytePath) throws(RepositoryError) {
        let path = root.appending(Self.directory)
        try reporting(below: path) { () throws(SystemError) in
            var directory = try Descriptor.openDirectory(root)
            for component in Self.directory.components {
                if try directory.statusIfPresent(of: BytePath(component)) == nil {
                    try directory.ensureDirectory(BytePath(component))
                    try directory.syncDirectory()
                }
                directory = try directory.openDirectory(BytePath(component))
                // Whoever can put other files into the place of ours could have us write anywhere.
                guard try directory.isTrusted else {
                    throw SystemError(.notPermitted, call: "open", path: Self.directory)
                }
            }
            // What a command left that was stopped while it wrote here.
            for half in try directory.temporaryFiles() where half.bytes.hasSuffix(".yaml.next") {
                try directory.unlink(half)
            }
            if configurations.isEmpty {
                try directory.unlink(name)
                try directory.syncDirectory()
            } else {
                try directory.replaceFile(name, with: ConfigurationText.encode(configurations), durable: true)
            }
        }
    }
}

extension [UInt8] {
    /// Whether the bytes end with the ASCII text `suffix` and hold more than it.
    func hasSuffix(_ suffix: StaticString) -> Bool {
        suffix.withUTF8Buffer { count > $0.count && self.suffix($0.count).elementsEqual($0) }
    }
}
