import BytePath
import Glibc
import PackageModel

/// A whole system in numbers: packages, their paths and sizes, and who depends on whom.
struct Corpus {
    private(set) var packages: [CorpusPackage] = []
    private var random: SplitMix
    /// Every path so far, those of directories included.
    private var paths: Set<BytePath> = []
    private var directoryCount = 0
    private var symlinkCount = 0
    private var emptyCount = 0
    private var duplicateCount = 0
    private var fileCount = 0
    private var nextNumber: UInt64 = 1
    /// Contents that another file may repeat.
    private var contents: [(number: UInt64, size: Int)] = []

    /// - Parameter entryCount: paths of the composed tree; the last package ends where it is reached.
    init(packageCount: Int, entryCount: Int, bytes: Int, seed: UInt64) {
        random = SplitMix(seed: seed)
        let shares = (0..<packageCount).map { _ in random.logNormal(sigma: 1.4) }
        let total = shares.reduce(0, +)
        var planned = 0.0
        for (index, share) in shares.enumerated() {
            planned += share / total * Double(entryCount)
            addPackage(index, until: max(paths.count + 3, Int(planned)))
        }
        scaleSizes(to: bytes)
        addExtraPackages()
    }

    var summary: String {
        """
        \(packages.count) packages, \(paths.count) paths: \(directoryCount) directories, \(fileCount) files \
        (\(emptyCount) empty, \(duplicateCount) duplicates), \(symlinkCount) symlinks
        """
    }

    /// One package that fills the tree up to `limit` paths, in clusters of files that share a directory.
    private mutating func addPackage(_ index: Int, until limit: Int) {
        let name = "\(Self.stems[index % Self.stems.count])-\(index)"
        var package = CorpusPackage(metadata(name, index))
        let shape = PackageShape(index: index, using: &random)
        while paths.count < limit {
            let cluster = shape.cluster(name: name, using: &random)
            var size = 1 + Int(cluster.meanCount * random.logNormal(sigma: 0.9) / 1.5)
            size = min(size, limit - paths.count)
            for _ in 0..<max(1, size) { addEntry(to: &package, cluster, name) }
        }
        packages.append(package)
    }

    private mutating func addEntry(to package: inout CorpusPackage, _ cluster: PackageShape.Cluster, _ name: String) {
        let file = "\(cluster.filePrefix)\(Self.stems[random.below(Self.stems.count)])\(random.below(100_000))"
        let path = BytePath("\(cluster.directory)/\(file)\(cluster.fileSuffix)")
        guard paths.insert(path).inserted else { return }
        addParents(of: path)
        if random.chance(0.047), let sibling = package.entries.last?.path {
            symlinkCount += 1
            let up = path.components.count - 1
            let target = BytePath(String(repeating: "../", count: up)).appending(sibling)
            package.entries.append(.init(path: path, kind: .symlink(target), mode: 0o120777))
            return
        }
        fileCount += 1
        let content = nextContent()
        package.entries.append(
            .init(path: path, kind: .file(number: content.number, size: content.size), mode: 0o100000 | cluster.mode))
    }

    /// A new content, an empty one, or one that is there already.
    private mutating func nextContent() -> (number: UInt64, size: Int) {
        if random.chance(0.035) {
            emptyCount += 1
            return (0, 0)
        }
        if random.chance(0.1), !contents.isEmpty {
            duplicateCount += 1
            return contents[random.below(contents.count)]
        }
        nextNumber += 1
        let content = (number: nextNumber, size: 16 + Int(1000 * random.logNormal(sigma: 1.5)))
        contents.append(content)
        return content
    }

    private mutating func addParents(of path: BytePath) {
        var parent = path.parent
        while !parent.isEmpty && paths.insert(parent).inserted {
            directoryCount += 1
            parent = parent.parent
        }
    }

    /// Stretches all sizes alike, so that their sum is about `bytes`; equal contents stay equal.
    private mutating func scaleSizes(to bytes: Int) {
        var sum = 0.0
        for package in packages {
            for case .file(_, let size) in package.entries.map(\.kind) { sum += Double(size) }
        }
        let factor = Double(bytes) / max(1, sum)
        for package in packages.indices {
            for entry in packages[package].entries.indices {
                guard case .file(let number, let size) = packages[package].entries[entry].kind, size > 0 else {
                    continue
                }
                let scaled = min(8 << 20, max(16, Int(Double(size) * factor)))
                packages[package].entries[entry].kind = .file(number: number, size: scaled)
            }
        }
    }

    private mutating func metadata(_ name: String, _ index: Int) -> PackageMetadata {
        var dependencies: Set<Capability> = []
        if index > 0 {
            for _ in 0..<min(index, Int(2.5 * random.logNormal(sigma: 0.7))) {
                // Squaring prefers the first packages: a few are needed by very many, as in real systems.
                let other = Int(Double(index) * random.unit() * random.unit())
                let otherName = "\(Self.stems[other % Self.stems.count])-\(other)"
                let isSoname = random.chance(0.4)
                dependencies.insert(
                    isSoname ? Capability(.soname, "lib\(otherName).so.1(x86_64)") : Capability(.name, otherName))
            }
        }
        return PackageMetadata(
            name: name, version: "1.\(index % 17)", release: UInt64(1 + index % 9),
            summary: "Package \(index) of the corpus", description: "Generated for benchmarks.",
            homepage: "https://example.org/\(name)", licenses: ["MPL-2.0"], dependencies: dependencies.sorted(),
            providers: [Capability(.soname, "lib\(name).so.1(x86_64)")])
    }

    private mutating func addExtraPackages() {
        let names = packages.map { Capability(.name, $0.metadata.name) }
        var extra = CorpusPackage(
            PackageMetadata(
                name: "corpus-extra", version: "1.0", release: 1, summary: "Ten files", licenses: ["MPL-2.0"],
                dependencies: Array(names.prefix(1))))
        for number in 0..<8 {
            let path = BytePath("share/corpus-extra/file\(number)")
            extra.entries.append(
                .init(path: path, kind: .file(number: .max - UInt64(number), size: 5000), mode: 0o100644))
        }
        extra.entries.append(.init(path: "bin/corpus-extra", kind: .file(number: .max / 2, size: 9000), mode: 0o100755))
        extra.entries.append(.init(path: "bin/corpus-x", kind: .symlink("corpus-extra"), mode: 0o120777))
        let all = CorpusPackage(
            PackageMetadata(
                name: "corpus-all", version: "1.0", release: 1, summary: "Everything but corpus-extra",
                licenses: ["MPL-2.0"], dependencies: names.sorted()))
        packages += [extra, all]
    }

    static let stems = [
        "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "harbour", "iris", "juniper", "kelp", "lagoon",
        "maple", "north", "opal", "pine", "quartz", "river", "slate", "thistle", "umber", "violet", "willow", "yarrow",
    ]
}
