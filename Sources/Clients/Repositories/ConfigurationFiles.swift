package import BytePath
internal import LinuxSystem

/// The files below a root that configure collections.
///
/// The vendor's lie in `usr/share/moss/repo.d`, the administrator's in `etc/moss/repo.d`; both hold files named
/// `*.yaml`. A definition in `etc` wins over the vendor's, and of two in one directory the one in the file whose name
/// sorts later. Only `etc` is ever written.
package struct ConfigurationFiles: Sendable {
    package let root: BytePath

    private static let vendorDirectory: BytePath = "usr/share/moss/repo.d"
    private static let directory: BytePath = "etc/moss/repo.d"
    private static let sizeMax = 1 << 20

    package init(root: BytePath) {
        self.root = root
    }

    /// Every collection, the preferred one first. A file that cannot be read or understood is an error.
    package func load() throws(RepositoryError) -> [CollectionConfiguration] {
        var merged: [CollectionID: CollectionConfiguration] = [:]
        for directory in [Self.vendorDirectory, Self.directory] {
            for file in try files(in: directory) {
                for configuration in file.configurations { merged[configuration.id] = configuration }
            }
        }
        return merged.values.sorted(by: CollectionConfiguration.precedes)
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
        if let vendor = try files(in: Self.vendorDirectory).last(where: defines) {
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

    /// The files of one directory by name; none where there is no directory.
    private func files(in directory: BytePath) throws(RepositoryError) -> [File] {
        let path = root.appending(directory)
        let names = try reporting(below: path) { () throws(SystemError) -> [BytePath] in
            do throws(SystemError) {
                return try Descriptor.openDirectory(path).entries().map(\.name)
            } catch {
                if error.number == .noSuchFile { return [] }
                throw error
            }
        }
        var files: [File] = []
        for name in names.sorted() where name.bytes.first != UInt8(ascii: ".") && name.bytes.hasSuffix(".yaml") {
            let bytes = try reporting(below: path) { () throws(SystemError) in
                try Descriptor.openDirectory(path).readFile(name, limit: Self.sizeMax)
            }
            let configurations = try ConfigurationText.parse(bytes, file: path.appending(name))
            files.append(File(name: name, configurations: configurations))
        }
        return files
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
