import BytePath
import LinuxSystem
import PackageModel

/// The first `count` bytes of the files below `directory`, in the order of their paths; links are not followed.
func realBytes(below directory: BytePath, count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    func append(_ directory: borrowing Descriptor) throws {
        for entry in try directory.entries().sorted(by: { $0.name < $1.name }) where bytes.count < count {
            if entry.kind == .directory {
                try append(directory.openDirectory(entry.name))
            } else if entry.kind == .regular {
                // Small files are text more often than not; programs and libraries are what this package is about.
                let file = try directory.open(entry.name)
                if try file.status().size >= 64 << 10 { bytes += try file.readAll().prefix(count - bytes.count) }
            }
        }
    }
    try append(Descriptor.openDirectory(directory))
    return bytes
}

/// A package of `fileCount` files of log-normal sizes that together hold `bytes`.
func cutPackage(named name: String, from bytes: [UInt8], fileCount: Int, seed: UInt64) -> CorpusPackage {
    var random = SplitMix(seed: seed)
    let shares = (0..<fileCount).map { _ in random.logNormal(sigma: 1.5) }
    let total = shares.reduce(0, +)
    var package = CorpusPackage(PackageMetadata(name: name, version: "1.0", release: 1, licenses: ["MPL-2.0"]))
    var start = 0
    var planned = 0.0
    for (index, share) in shares.enumerated() {
        planned += share / total
        let end = index == fileCount - 1 ? bytes.count : min(bytes.count, Int(planned * Double(bytes.count)))
        let path = BytePath("lib/\(name)/dir\(index / 12)/file\(index)")
        package.entries.append(.init(path: path, kind: .bytes(bytes[start..<max(start, end)]), mode: 0o100644))
        start = max(start, end)
    }
    return package
}
