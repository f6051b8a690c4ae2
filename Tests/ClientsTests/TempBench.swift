import BytePath
import CollectionIndex
import CollectionSettings
import Digests
import FileIndex
import Foundation
import LinuxSystem
import PackageModel
import StoneFormat
import TestSupport
import Testing

@Suite struct TempBench {
    @Test func sizes() throws {
        var perPackage: [String: [[UInt8]]] = [:]
        let place = "/var/lib/dpkg/info"
        for name in try FileManager.default.contentsOfDirectory(atPath: place) where name.hasSuffix(".list") {
            guard let data = FileManager.default.contents(atPath: "\(place)/\(name)") else { continue }
            let all = data.split(separator: 10).map { Array($0) }.filter { $0.starts(with: "/usr/".utf8) && $0.count > 5 }
            let set = Set(all)
            var parents = Set<[UInt8]>()
            for path in set { if let slash = path.lastIndex(of: 47) { parents.insert(Array(path[..<slash])) } }
            perPackage[String(name.dropLast(5))] = all.filter { !parents.contains($0) }.map { Array($0.dropFirst(5)) }
        }
        let packages = perPackage.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        var text = 0
        var count = 0
        for paths in perPackage.values { for path in paths { text += path.count + 1; count += 1 } }
        for (block, level) in [(32, 12), (64, 12), (128, 12), (256, 12), (64, 3), (64, 18)] {
            var writer = try FileIndexWriter(
                index: SHA256Digest(hashing: UnsafeRawBufferPointer(start: nil, count: 0)), packages: packages,
                level: level, blockSize: block << 10)
            for (number, name) in packages.enumerated() {
                for path in perPackage[name] ?? [] { try writer.add(path, .regular, package: number) }
            }
            let start = Date()
            let bytes = try writer.encode()
            print("BENCH dpkg \(packages.count) packages \(count) paths block \(block) level \(level): \(bytes.count) of \(text), \(Date().timeIntervalSince(start)) s")
        }
    }

    @Test func collection() throws {
        let path: BytePath = "/tmp/bench20k"
        try? Descriptor.openDirectory("/tmp").makeDirectory("bench20k")
        var generator = SeededGenerator(seed: 3)
        let words = (0..<3000).map { _ in String(UInt32.random(in: 10_000...99_999_999, using: &generator), radix: 36) }
        let word = { words.randomElement(using: &generator) ?? "" }
        let names = Set((0..<20_500).map { _ in "\(word())-\(word())" }).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.prefix(20_000)
        let packages = names.map { name in
            let hash = Array(name.utf8).withUnsafeBytes { PackageID(hashing: $0) }
            return PackageMetadata(
                name: name, version: "1", release: 1, summary: "\(word()) for \(word()) and \(word()) with \(word())",
                dependencies: (0..<8).map { _ in Capability(.soname, "lib\(word()).so.1(x86_64)") }.sorted(),
                providers: (Set((0..<10).map { _ in Capability(.binary, word()) })).sorted(), uri: "\(name).stone", hash: hash,
                downloadSize: 5)
        }
        let index = try StoneIndex.encode(repository: packages, options: .fast)
        try Descriptor.openDirectory(path).replaceFile("stone.index", with: index)
        var writer = try FileIndexWriter(index: index.withUnsafeBytes { SHA256Digest(hashing: $0) }, packages: Array(names))
        var text = 0
        for (number, name) in names.enumerated() {
            for file in 0..<100 {
                let path = file == 0 ? "bin/\(name)" : "share/\(name)/\(["icons", "data", "help"][file % 3])/\(words[(number * 7 + file) % 60])-\(file).svg"
                text += path.utf8.count + 1
                try writer.add(Array(path.utf8), .regular, package: number)
            }
        }
        let files = try writer.encode()
        print("BENCH 20k: \(files.count) of \(text)")
        try Descriptor.openDirectory(path).replaceFile("stone.files", with: files)
    }
}
