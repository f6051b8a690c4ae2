import BytePath
import LinuxSystem
import TestSupport
import Testing

/// The package as it is, held against `Sources/README.md`.
struct ArchitectureTests {
    @Test func thePackageFollowsItsMap() throws {
        for violation in try Self.rules().violations() { Issue.record("\(violation)") }
    }

    @Test func everyModuleIsWritten() throws {
        #expect(try Self.rules().placeholders().isEmpty)
    }

    private static func rules() throws -> ArchitectureRules {
        let map = try Descriptor.open(packageRoot.appending("Sources/README.md")).readAll()
        return try ArchitectureRules(
            description: PackageDescription(json: packageDescription()),
            map: PackageMap(markdown: String(decoding: map, as: UTF8.self)), files: sourceFiles(), exceptions: .today)
    }

    /// Asked for in a build directory of its own: `swift test` holds the lock of the usual one while tests run.
    private static func packageDescription() throws -> [UInt8] {
        try withScratchDirectory { scratch in
            let paths: [BytePath] = ["--package-path", packageRoot, "--scratch-path", scratch]
            // SwiftPM leaves its lock file in TMPDIR.
            let temporary = BytePath("TMPDIR=\(scratch.display)")
            let command = Command("env", [temporary, "swift", "package"] + paths + ["dump-package"])
            return try command.runSuccessfully().output
        }
    }

    private static func sourceFiles() throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for top in ["Sources", "Tests", "Benchmarks"] as [BytePath] {
            for entry in try TreeListing(of: packageRoot.appending(top)).entries where entry.kind == .regular {
                let path = top.appending(entry.path)
                guard [".swift", ".c", ".h"].contains(where: path.display.hasSuffix) else { continue }
                files[path.display] = try Descriptor.open(packageRoot.appending(path)).readAll()
            }
        }
        return files
    }
}
