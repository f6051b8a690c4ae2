import BytePath
import Digests
import LinuxSystem
import PackageModel
import TestSupport

/// Packages of random shape without conflicts: directories are shared, all other names carry their package's number.
struct RandomCorpus {
    let packages: [SamplePackage]
    var names: [BytePath] { packages.map { BytePath($0.metadata.name) } }

    private static let contents = (0..<9).map { Array("content \($0)\n".utf8) } + [[]]

    init(using random: inout SeededGenerator, count: ClosedRange<Int> = 2...5, entries: Int = 60) {
        let parents = (0..<4).map { _ in BytePath(bytes: Array("d".utf8) + Self.name(&random).prefix(254)) } + ["lib"]
        packages = (0..<Int.random(in: count, using: &random)).map { number in
            var package = SamplePackage(name: "package\(number)", version: "1.\(number)")
            // Composing moves what others put below it.
            if number == 0 { package.add(link: "lib64", to: "lib") }
            package.add(file: BytePath("lib\(number == 0 ? "" : "64")/moved\(number)"), Array("moved \(number)".utf8))
            var taken: Set<BytePath> = []
            for _ in 0..<Int.random(in: 0...entries, using: &random) {
                var path: BytePath = ""
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    path = path.appending(parents.randomElement(using: &random) ?? "lib")
                }
                path = path.appending(BytePath(bytes: Array("\(number)".utf8) + Self.name(&random).prefix(254)))
                if taken.insert(path).inserted { Self.add(path, to: &package, &random) }
            }
            return package
        }
    }

    private static func add(_ path: BytePath, to package: inout SamplePackage, _ random: inout SeededGenerator) {
        switch Int.random(in: 0..<9, using: &random) {
        case 0:
            let length = [1, 20, 4095].randomElement(using: &random) ?? 1
            let target = (0..<length).map { _ in UInt8.random(in: 1...255, using: &random) }
            package.add(link: path, to: BytePath(bytes: target))
        case 1: package.add(directory: path, mode: [0o755, 0o700, 0o1777].randomElement(using: &random) ?? 0o755)
        case 2:
            let size = Int.random(in: 1...40_000, using: &random)
            let step = UInt64.random(in: 1...(.max), using: &random)
            package.add(file: path, (0..<size).map { UInt8(truncatingIfNeeded: (UInt64($0) &* step) >> 24) })
        default:
            let bytes = contents.randomElement(using: &random) ?? []
            let mode: UInt32 = [0o644, 0o644, 0o755, 0o4755, 0o640].randomElement(using: &random) ?? 0o644
            let owner: UInt32 = [0, 0, 0, 7].randomElement(using: &random) ?? 0
            package.add(file: path, bytes, mode: mode, uid: owner, gid: owner)
        }
    }

    /// A name: short, as long as can be, no text, or one that begins like others.
    private static func name(_ random: inout SeededGenerator) -> [UInt8] {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: Array("a\(Int.random(in: 0..<6, using: &random))".utf8)
        case 1: Array(" prefix \(Int.random(in: 0..<9, using: &random))".utf8)
        case 2: Array(" prefix".utf8.prefix(Int.random(in: 1...7, using: &random)))
        case 3: (0..<255).map { _ in UInt8(ascii: "x") + UInt8.random(in: 0...2, using: &random) }
        case 4: [UInt8(ascii: "n")] + (0..<3).map { _ in UInt8.random(in: 0x80...0xff, using: &random) }
        default: (0..<Int.random(in: 1...8, using: &random)).map { _ in UInt8.random(in: 0x20...0x2e, using: &random) }
        }
    }

    /// The package that has `path`, in a tree in which `lib64` is a link.
    func owner(of path: BytePath) -> SamplePackage? {
        packages.first { package in
            package.layout.contains { entry in
                guard entry.path.bytes.starts(with: "lib64/".utf8) else { return entry.path == path }
                return BytePath("lib").appending(BytePath(bytes: Array(entry.path.bytes.dropFirst(6)))) == path
            }
        }
    }

    func publish(to directory: BytePath) throws {
        for package in packages {
            let path = directory.appending(package.metadata.stoneFileName)
            try Descriptor.open(path, [.write, .create, .truncate]).write(try package.stone())
        }
    }
}
