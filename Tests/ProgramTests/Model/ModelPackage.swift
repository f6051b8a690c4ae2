import BytePath
import Digests
import LinuxSystem
import PackageModel
import TestSupport

/// A random release of a package, and what it puts below `/usr`.
struct ModelPackage: Sendable {
    let name: String
    let release: UInt64
    let sample: SamplePackage
    let lines: [BytePath: ModelLine]

    /// Every kind of entry; contents shared with other packages and with the release before.
    init(_ name: String, _ release: UInt64, using generator: inout SeededGenerator) {
        var sample = SamplePackage(name: name, version: "1.\(release)", release: release)
        var lines: [BytePath: ModelLine] = [:]
        func add(_ path: BytePath, _ bytes: [UInt8], mode: UInt32) {
            sample.add(file: path, bytes, mode: mode)
            lines[path] = ModelLine(.regular, mode: mode & ~0o222, digest: ObjectID(hashing: bytes))
        }
        add(BytePath("bin/\(name)"), Array("\(name) \(release)\n".utf8), mode: 0o755)
        for number in 0..<Int.random(in: 1...12, using: &generator) {
            let place = number % 3 == 0 ? "share/common/\(name)" : "share/\(name)/d\(number % 2)"
            let path = BytePath("\(place)/f\(number)")
            let mode = [0o644, 0o644, 0o600, 0o755, 0o4755].randomElement(using: &generator) ?? 0o644
            switch Int.random(in: 0..<8, using: &generator) {
            case 0:
                sample.add(link: path, to: "../f0")
                lines[path] = ModelLine(.symlink, mode: 0o777, target: "../f0")
            case 1:
                sample.add(directory: path, mode: 0o750)
                lines[path] = ModelLine(.directory, mode: 0o750)
            case 2: add(path, [], mode: UInt32(mode))
            case 3, 4: add(path, Array("shared by many, in \(number % 3) forms".utf8), mode: UInt32(mode))
            case 5: add(path, Array("\(name) \(number) in every release".utf8), mode: UInt32(mode))
            default:
                let size = Int.random(in: 1...30_000, using: &generator)
                let start = UInt8.random(in: 0...255, using: &generator)
                add(path, (0..<size).map { start &+ UInt8(truncatingIfNeeded: $0 &* $0) }, mode: UInt32(mode))
            }
        }
        // From this the tools make a file of their own.
        if name == "p0" {
            let text = #"{"metadata":{"identity":{"id":"system\#(release)"}}}"#
            add("lib/os-info.json", Array(text.utf8), mode: 0o644)
        }
        (self.name, self.release, self.sample, self.lines) = (name, release, sample, lines)
    }
}

/// What is at a path.
struct ModelLine: Hashable, Sendable {
    var kind: FileKind
    var mode: UInt32
    var target: BytePath?
    var digest: ObjectID?

    init(_ kind: FileKind, mode: UInt32, target: BytePath? = nil, digest: ObjectID? = nil) {
        (self.kind, self.mode, self.target, self.digest) = (kind, mode, target, digest)
    }
}
