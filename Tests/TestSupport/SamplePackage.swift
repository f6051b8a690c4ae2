package import BytePath
internal import Digests
package import PackageModel
import StoneEmission
package import StoneFormat

/// A package with its files' contents in memory, to be made into a stone.
package struct SamplePackage: Hashable, Sendable {
    private var emission: StoneEmission
    private var contents = MemoryContents()

    package init(_ metadata: PackageMetadata) {
        emission = StoneEmission(metadata)
    }

    package init(name: String, version: String = "1.0", release: UInt64 = 1) {
        self.init(PackageMetadata(name: name, version: version, release: release))
    }

    package var metadata: PackageMetadata {
        get { emission.metadata }
        set { emission.metadata = newValue }
    }

    package var layout: [LayoutEntry] { emission.layout }

    /// The unique files in content order.
    package var files: [ContentFile] { emission.files }

    /// The bytes of a file that was added.
    package func content(_ digest: ObjectID) -> [UInt8]? { contents[digest].map(Array.init) }

    package mutating func add(
        file path: BytePath, _ bytes: [UInt8], mode: UInt32 = 0o644, uid: UInt32 = 0, gid: UInt32 = 0
    ) {
        emission.add(file: path, contents.add(bytes[...]), mode: mode, uid: uid, gid: gid)
    }

    package mutating func add(link path: BytePath, to target: BytePath) {
        emission.add(link: path, to: target)
    }

    package mutating func add(directory path: BytePath, mode: UInt32 = 0o755) {
        emission.add(directory: path, mode: mode)
    }

    /// Adds any entry; regular files need their content added by `add(file:)`.
    package mutating func add(_ entry: LayoutEntry) {
        emission.add(entry)
    }

    /// The package as the bytes of a stone.
    package func stone(options: StoneWriterOptions = .fast) throws(StoneError) -> [UInt8] {
        try emission.bytes(contents: contents, options: options)
    }
}

extension SamplePackage {
    /// A package of random shape: every kind of entry and capability, shared and empty contents.
    package static func random(
        name: String = "random", using generator: inout SeededGenerator, entryCountMax: Int = 40,
        fileSizeMax: Int = 4096
    ) -> SamplePackage {
        var sample = SamplePackage(randomMetadata(name: name, using: &generator))
        for number in 0..<Int.random(in: 0...entryCountMax, using: &generator) {
            let directory = ["bin", "lib", "share/doc", "share/ü", "lib/a/b/c"].randomElement(using: &generator) ?? "x"
            let path = BytePath("\(directory)/entry\(number)")
            switch Int.random(in: 0..<10, using: &generator) {
            case 0: sample.add(link: path, to: BytePath("../target\(number)"))
            case 1: sample.add(directory: path, mode: 0o700)
            case 2:
                let kinds: [LayoutEntry.Kind] = [.characterDevice, .blockDevice, .fifo, .socket]
                let kind = kinds.randomElement(using: &generator) ?? .fifo
                sample.add(LayoutEntry(path: path, kind: kind, mode: kind.fileTypeBits | 0o600, uid: 7, gid: 9))
            case 3: sample.add(file: path, [])
            case 4: sample.add(file: path, Array("shared".utf8))
            default:
                let size = Int.random(in: 0...fileSizeMax, using: &generator)
                let alphabet = UInt8.random(in: 1...255, using: &generator)
                sample.add(file: path, (0..<size).map { _ in UInt8.random(in: 0...alphabet, using: &generator) })
            }
        }
        return sample
    }

    /// Metadata in canonical order, so that it is equal after a round trip.
    package static func randomMetadata(name: String, using generator: inout SeededGenerator) -> PackageMetadata {
        func capabilities() -> [Capability] {
            let targets = ["libc.so.6(x86_64)", "zlib", "a(b)c", "ünïcode", "/lib64/ld-linux-x86-64.so.2(x86_64)"]
            var set = Set<Capability>()
            for _ in 0..<Int.random(in: 0...8, using: &generator) {
                let kind = CapabilityKind.allCases.randomElement(using: &generator) ?? .name
                set.insert(Capability(kind, targets.randomElement(using: &generator) ?? "x"))
            }
            return set.sorted()
        }
        let byText = { (list: [Capability]) in
            list.sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
        }
        return PackageMetadata(
            name: name, version: "\(Int.random(in: 0...20, using: &generator)).1",
            release: UInt64.random(in: 0...(.max), using: &generator), buildRelease: 1,
            summary: "A random package", description: "Two\nlines, and ∞", homepage: "https://example.org",
            sourceID: "source", licenses: ["Apache-2.0", "MIT"], dependencies: capabilities(),
            providers: capabilities(), conflicts: capabilities(), buildDependencies: byText(capabilities()))
    }
}
