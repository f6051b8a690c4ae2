import BytePath
import Foundation
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Views that come and go in every way, readers, changes, collections, checks and tidying, all on one root at once.
///
/// Every file of a package says in each of its lines which one it is and how many lines there are, so that whoever reads
/// one knows whether the bytes are right.
final class ViewStorm: Sendable {
    private let fixture: MossFixture
    private let deadline: UInt64
    private let seed: UInt64
    private let findings = Guarded<[String]>([])
    private let counted = Guarded<[String: Int]>([:])

    init(_ fixture: MossFixture, seconds: Int, seed: UInt64) {
        self.fixture = fixture
        self.seed = seed
        deadline = monotonicNanoseconds() + UInt64(seconds) * 1_000_000_000
    }

    /// What went wrong.
    var complaints: [String] { findings.withLock { $0 } }

    /// How often everything was done.
    var counts: String {
        counted.withLock { $0 }.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }

    private static let packages = ["alpha", "beta", "gamma", "delta"]

    /// Fills the collection: four packages in two releases, which share some files.
    static func publish(_ fixture: MossFixture, release: UInt64) throws {
        for (number, name) in packages.enumerated() {
            try fixture.publish(name, release: release) { package in
                for file in 0..<12 {
                    let path = "share/\(name)/file-\(file)"
                    let lines = 1 + file * file * (20 + number)
                    // Half of the files stay the same in the next release.
                    let line = "\(path) \(file % 2 == 0 ? 0 : release) \(lines)\n"
                    package.add(file: BytePath(path), Array(String(repeating: line, count: lines).utf8))
                }
                package.add(
                    file: BytePath("share/\(name)/shared"), Array("share/\(name)/shared 0 1\n".utf8), mode: 0o600)
                package.add(link: BytePath("share/\(name)/link"), to: "file-1")
            }
        }
    }

    /// Runs until the time is over; then nothing is left of any view.
    func run() throws {
        var places: [BytePath] = []
        for number in 0..<3 {
            places.append(fixture.scratch.appending(BytePath("view-\(number)")))
            try Descriptor.openDirectory(fixture.scratch).makeDirectory(places[number].lastComponent)
        }
        let work: [@Sendable (inout SeededGenerator) throws -> Void] =
            places.map { place in { [self] random in try show(at: place, &random) } }
            + [change, change, collect, check, look]
        withThreads(work.count) { index in
            var random = SeededGenerator(seed: self.seed &+ UInt64(index))
            do {
                while monotonicNanoseconds() < self.deadline, self.complaints.isEmpty { try work[index](&random) }
            } catch {
                self.complain("\(error)")
            }
        }
    }

    private func complain(_ text: String) { findings.withLock { $0.append(text) } }

    private func count(_ what: String) { counted.withLock { $0[what, default: 0] += 1 } }

    /// Runs a command that may end with some codes only.
    @discardableResult
    private func moss(_ words: [BytePath], allowing codes: Set<Int32> = [], or texts: [String] = []) throws -> Int32 {
        let background = ["list", "info", "mount", "umount"].contains(words[0].display) ? "off" : "on"
        var command = try fixture.command(words + ["--wait"])
        if background == "on" { command.environment?["MOSS_BACKGROUND"] = nil }
        let result = try command.run()
        let name = words.prefix(2).filter { !$0.bytes.contains(UInt8(ascii: "/")) }.map(\.display).joined(
            separator: " ")
        guard case .exited(let code) = result.end else {
            complain("\(words): \(result.end)\n\(result.outputText)\(result.errorText)")
            return -1
        }
        count(code == 0 ? name : "\(name) (\(code))")
        if code != 0, !codes.contains(code), !texts.contains(where: result.errorText.contains) {
            complain("\(words): \(code)\n\(result.outputText)\(result.errorText)")
        }
        return code
    }

    // MARK: Work

    private func change(_ random: inout SeededGenerator) throws {
        let name = BytePath(Self.packages.randomElement(using: &random) ?? "alpha")
        switch Int.random(in: 0..<10, using: &random) {
        case 0...3: try moss(["install", "-y", name])
        case 4, 5: try moss(["remove", "-y", name], allowing: [3, 7])
        case 6: try moss(["sync", "-y"])
        case 7: try moss(["undo", "-y"], or: ["there is no state before"])
        case 8: try moss(["state", "prune", "-y", "--keep", "3"])
        default: try moss(["redo", "-y"], or: ["no state was made from"])
        }
    }

    private func collect(_ random: inout SeededGenerator) throws {
        try moss(["gc", "-y", "--verify"])
        if Int.random(in: 0..<4, using: &random) == 0 { try moss(["tidy"]) }
    }

    private func check(_ random: inout SeededGenerator) throws {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: try moss(["fsck", "--full", "--repair"])
        case 1: try moss(["state", "verify"], allowing: [3], or: ["no state is active"])
        default: try moss(["fsck", "--full"])
        }
    }

    private func look(_ random: inout SeededGenerator) throws {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: try moss(["list", "installed"], or: ["no state is active"])
        case 1: try moss(["mount", "--list"])
        case 2: try moss(["du"])
        case 3: try moss(["state", "list"])
        default: try read(fixture.root.appending("usr"), "the live tree")
        }
    }

    private func show(at place: BytePath, _ random: inout SeededGenerator) throws {
        let subjects: [[BytePath]] = [
            ["active"], ["--all"], ["--candidate", "install alpha", "--candidate", "remove beta"],
            ["--candidate", "install gamma"], ["--candidate", "install delta", "--lazy"], ["--candidate", "sync"],
        ]
        let subject = subjects.randomElement(using: &random) ?? []
        let reading = BytePath(["auto", "cached", "passthrough"].randomElement(using: &random) ?? "auto")
        let isShown = try moss(
            ["mount", "--reading", reading] + subject + [place], allowing: [3, 7], or: ["no state is active"])
        guard isShown == 0 else { return }
        let usr = subject == ["--all"] ? place.appending("active/usr") : place
        for _ in 0..<Int.random(in: 1...3, using: &random) { try read(usr, "\(subject) by \(reading)") }
        let process = try process(at: place)
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            if let process { ChildProcess.send(SIGKILL, to: process) }
            // Others may have cleared it away meanwhile.
            try moss(["umount", place], or: ["no view is mounted here"])
        case 1:
            if let process { ChildProcess.send(SIGSTOP, to: process) }
            try moss(["umount", "--lazy", place])
        case 2:
            let open = try? Descriptor.openDirectory(usr)
            try moss(["umount", "--lazy", place])
            withExtendedLifetime(open != nil) { count("umount of what is used") }
        case 3: try Command("umount", [place]).runSuccessfully()
        default: try moss(["umount", place])
        }
    }

    private func process(at place: BytePath) throws -> Int32? {
        let lines = try Leftovers.processes("--mountpoint \(place.display) ")
        return lines.first.flatMap { $0.split(separator: " ").first }.flatMap { Int32($0) }
    }

    /// Reads all files of packages below `usr`, if that is there, and says which are not what they should be.
    private func read(_ usr: BytePath, _ what: String) throws {
        let script: BytePath = """
            cd -P "$1" 2>/dev/null || exit 0
            find . -path './share/*' -type f -print0 | xargs -0 -r -n 40 awk '
                function finish() { if (name != "" && lines != wanted) { print "WRONG length " name; bad = 1 } }
                FNR == 1 {
                    finish(); name = FILENAME; line = $0; wanted = $3
                    if (FILENAME != "./" $1) { print "WRONG file " FILENAME; bad = 1 }
                }
                { lines = FNR } $0 != line { print "WRONG bytes " FILENAME; bad = 1 }
                END { finish(); exit bad }'
            """
        let result = try Command("bash", ["-o", "pipefail", "-c", script, "bash", usr]).run()
        count("reads of all files")
        if result.end != .exited(0) || !result.outputText.isEmpty || !result.errorText.isEmpty {
            complain("\(what): \(result.end)\n\(result.outputText.prefix(2000))\(result.errorText.prefix(2000))")
        }
    }
}
