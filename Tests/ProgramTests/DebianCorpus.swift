import BytePath
import LinuxSystem
import PackageModel
import StoneFormat
import TestSupport

/// Debian packages as a collection of stones that can change.
struct DebianCorpus {
    let scratch: BytePath
    /// The packages as Debian has them.
    let debs: [BytePath]
    var collection: BytePath { scratch.appending("collection") }

    /// Converts and indexes `debs`.
    init(converting debs: [BytePath], in scratch: BytePath) throws {
        (self.debs, self.scratch) = (debs, scratch)
        try Self.convert(debs, to: collection, release: 1)
    }

    private static func convert(_ debs: [BytePath], to output: BytePath, release: UInt64) throws {
        var command = try BuiltProduct.deb2stone.command(
            ["-o", output, "--index", "--level", "1", "--release", BytePath("\(release)")] + debs)
        command.timeoutSeconds = 3600
        try command.runSuccessfully()
    }

    /// What the collection's index lists.
    func index() throws -> [PackageMetadata] {
        try Self.index(of: collection)
    }

    private static func index(of directory: BytePath) throws -> [PackageMetadata] {
        try StoneIndex.decode(Descriptor.openDirectory(directory).readFile("stone.index"))
    }

    /// The packages that no other package needs, by name: these can come and go alone.
    func leaves() throws -> [PackageMetadata] {
        let packages = try index()
        return packages.filter { candidate in
            let offers = Set(candidate.allProviders)
            return !packages.contains { $0.name != candidate.name && !offers.isDisjoint(with: $0.dependencies) }
        }.sorted { $0.name < $1.name }
    }

    /// Changes the collection: every seventh package is converted again as release 2, `changed` gets another file as
    /// well, and `withdrawn` is no longer there. Returns the names of what has release 2 now.
    func change(adding file: BytePath, to changed: String, withdrawing withdrawn: String) throws -> Set<String> {
        let repacked = scratch.appending("\(changed).deb")
        var debs = debs
        guard let place = debs.firstIndex(where: { $0.lastComponent.display.hasPrefix("\(changed)_") }) else {
            throw TestSupportError("no file of \(changed)")
        }
        try Command(
            "sh",
            [
                "-ec",
                "umask 022; dpkg-deb -R \"$1\" tree; mkdir -p \"tree/${2%/*}\"; echo new >\"tree/$2\"; dpkg-deb -b tree \"$3\"",
                "sh", debs[place], file, repacked,
            ], in: scratch
        ).runSuccessfully()
        debs[place] = repacked
        let again = scratch.appending("again")
        try Self.convert(debs, to: again, release: 2)

        let newer = try Dictionary(Self.index(of: again).map { ($0.name, $0) }) { first, _ in first }
        var renewed: Set<String> = []
        let directory = try Descriptor.openDirectory(collection)
        for (number, package) in try index().enumerated() {
            let isRenewed = package.name == changed || number.isMultiple(of: 7)
            guard let file = package.uri, isRenewed || package.name == withdrawn else { continue }
            try directory.unlink(BytePath(file))
            guard package.name != withdrawn, let file = newer[package.name]?.uri else { continue }
            try Command("mv", [again.appending(BytePath(file)), collection]).runSuccessfully()
            renewed.insert(package.name)
        }
        try BuiltProduct.moss.command(["index", collection]).runSuccessfully()
        return renewed
    }
}

extension Command {
    init(_ program: BytePath, _ arguments: [BytePath], in directory: BytePath) {
        self.init(program, arguments)
        self.directory = directory
    }
}
