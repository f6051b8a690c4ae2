import BytePath
import Foundation
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// System calls that fail, once or from some point on, while a root is checked, repaired, collected or tidied: nothing
/// that was whole is gone.
@Suite struct FailingCallTests {
    private static let numbers = [EMFILE, ENFILE, ENOMEM, EACCES, EIO]

    private enum Kind: String, CaseIterable {
        case check, repair, verify, collect, tidy

        var arguments: [BytePath] {
            switch self {
            case .check, .repair: ["fsck", "--full", "--repair"]
            case .verify: ["state", "verify", "--repair"]
            case .collect: ["-y", "gc"]
            case .tidy: ["tidy"]
            }
        }
    }

    /// A root in which there is something to do, and what has to be in it afterwards.
    private struct Scenario {
        let base: CommandRoot
        let states: [UInt64]
        let callCount: Int
    }

    private func prepare(_ kind: Kind, in scratch: BytePath) throws -> Scenario {
        let base = try CommandRoot(in: scratch, offering: (0..<4).map { systemPackage("p\($0)") })
        for (verb, names) in [("install", 0..<2), ("install", 2..<4), ("remove", 0..<1)] {
            try base.command(["-y", BytePath(verb)] + names.map { BytePath("p\($0)") }).runSuccessfully()
        }
        try base.done("tidy")
        switch kind {
        case .check, .verify: break
        case .repair:
            // What is damaged comes from the collection again; what else there is, is whole.
            let usr = try Descriptor.openDirectory(base.root.appending("usr"))
            try usr.open("share/p2/part1/file1", [.write]).write(Array("E".utf8))
            try usr.unlink("share/p3/link")
            try usr.replaceFile("share/mine", with: Array("mine".utf8))
        case .collect:
            try base.done("-y", "state", "activate", "2")
            try base.done("repo", "remove", "test")
            try Descriptor.openDirectory(base.root.appending("etc/moss")).replaceFile(
                "retention.yaml", with: Array("keep: 1\n".utf8))
        case .tidy: try base.done("-y", "state", "activate", "1")
        }
        let count = try base.copied(tidy: false) { root in
            try root.countFileCalls(kind.arguments)
        }
        return Scenario(base: base, states: try base.states().map(\.number), callCount: count)
    }

    /// - Returns: how many points were tried.
    private func run(_ kind: Kind, _ choose: (Int) -> [(call: Int, ever: Bool, number: Int32)]) throws -> Int {
        try withScratchDirectory(inMemory: true) { scratch in
            let scenario = try prepare(kind, in: scratch)
            let points = choose(scenario.callCount)
            for point in points { try expectWhole(after: point, kind, scenario) }
            return points.count
        }
    }

    private func expectWhole(
        after point: (call: Int, ever: Bool, number: Int32), _ kind: Kind, _ scenario: Scenario
    ) throws {
        try scenario.base.copied(tidy: false) { root in
            let flags: [BytePath] = point.ever ? ["fail", "--ever", "any"] : ["fail", "any"]
            let result = try root.traced(
                flags + [BytePath("\(point.call)"), BytePath("\(point.number)")], kind.arguments)
            let place: Comment = "\(kind.rawValue), \(point), \(result.end): \(result.outputText)\(result.errorText)"
            if case .exited = result.end {} else { Issue.record("not an exit code: \(place)") }
            if kind == .repair { _ = try root.command(["fsck", "--full", "--repair"]).run() }
            let after = try root.command(["fsck", "--full"]).run()
            #expect(after.end == .exited(0), "\(place)\n\(after.outputText)\(after.errorText)")
            let states = try root.states().map(\.number)
            #expect(kind == .collect ? states.contains(2) : states == scenario.states, place)
            if kind == .repair {
                let kept = try Command("find", [root.root, "-name", "mine"]).runSuccessfully().outputText
                #expect(!kept.isEmpty, place)
            }
        }
    }

    @Test(arguments: Kind.allCases.map(\.rawValue)) func someOfThem(kind: String) throws {
        let kind = try #require(Kind(rawValue: kind))
        var generator = SeededGenerator.forTest()
        _ = try run(kind) { count in
            (0..<6).map { index in
                (
                    Int.random(in: 1...count, using: &generator), index % 2 == 0,
                    Self.numbers[Int.random(in: 0..<Self.numbers.count, using: &generator)]
                )
            }
        }
    }

    /// Each call fails, once and from there on: with every number where calls are few, else with two of them, which are
    /// others with another seed. Most calls look into `/proc`, so a process namespace of its own makes them few.
    @Test(.long, arguments: Kind.allCases.map(\.rawValue)) func eachOfThem(kind: String) throws {
        let kind = try #require(Kind(rawValue: kind))
        var generator = SeededGenerator.forTest()
        let start = Int.random(in: 0..<Self.numbers.count, using: &generator)
        let tried = try run(kind) { count in
            (1...count).flatMap { call in
                let numbers = Self.numbers.indices.map { Self.numbers[(start + call + $0) % Self.numbers.count] }
                guard count > 1000 else {
                    return numbers.flatMap { number in [(call, false, number), (call, true, number)] }
                }
                return [(call, false, numbers[0]), (call, true, numbers[1])]
            }
        }
        print("\(kind.rawValue): \(tried) failing calls")
    }
}

extension CommandRoot {
    /// How many calls a command makes that `fail any` counts.
    fileprivate func countFileCalls(_ arguments: [BytePath]) throws -> Int {
        // Where none of so many is made, none fails.
        let names: Set<String> = [
            "access", "faccessat", "faccessat2", "fcntl", "fgetxattr", "flistxattr", "flock", "fstat", "fstatfs",
            "getdents64", "getxattr", "ioctl", "lgetxattr", "listxattr", "llistxattr", "lseek", "lstat", "newfstatat",
            "open", "openat", "openat2", "pread64", "preadv", "read", "readlink", "readlinkat", "readv", "stat",
            "statfs",
            "statx", "copy_file_range", "fallocate", "fchmod", "fchmodat", "fchown", "fchownat", "fdatasync", "fsync",
            "ftruncate", "linkat", "mkdirat", "mknodat", "msync", "pwrite64", "pwritev", "renameat2", "symlinkat",
            "sync_file_range", "syncfs", "unlinkat", "utimensat", "write", "writev",
        ]
        let file = path.appending("counts")
        _ = try traced(["count", "-o", file], arguments)
        let lines = String(decoding: try Descriptor.open(file).readAll(), as: UTF8.self).split(separator: "\n")
        return lines.reduce(0) { sum, line in
            let words = line.split(separator: " ")
            return names.contains(String(words[0])) ? sum + (Int(words[1]) ?? 0) : sum
        }
    }
}
