import BytePath
import Installation
import LinuxSystem
import PackageModel
import States
import TestSupport
import Testing

/// The moss program, working on one root.
struct MossProgram {
    let root: BytePath

    /// Makes the root.
    init(making root: BytePath) throws {
        self.root = root
        try run("init")
    }

    /// Runs a command that must end with 0; questions are answered with yes.
    @discardableResult
    func run(_ arguments: BytePath..., named names: [String] = []) throws -> String {
        var command = try BuiltProduct.moss.command(arguments + ["-y", "-D", root] + names.map { BytePath($0) })
        command.timeoutSeconds = 1800
        command.environment = ["MOSS_BACKGROUND": "off", "PATH": "/usr/bin:/bin"]
        return try command.runSuccessfully().outputText
    }

    /// State `number` is active, and the live tree is its tree, entry by entry.
    func expectLive(_ number: UInt64, _ location: SourceLocation = #_sourceLocation) throws {
        let installation = try Installation(opening: root, .reading)
        let state = try #require(try installation.activeState(), sourceLocation: location)
        #expect(state.number == number, sourceLocation: location)
        let differences = try installation.differencesOfLiveTree(from: state)
        #expect(differences.isEmpty, "\(differences.prefix(20))", sourceLocation: location)
    }

    /// Names and versions of the active state's packages.
    func installed() throws -> [String: String] {
        let installation = try Installation(opening: root, .reading)
        let state = try #require(try installation.activeState())
        let packages = try installation.packages(of: state)
        return Dictionary(packages.map { ($0.metadata.name, $0.metadata.versionText) }) { first, _ in first }
    }
}
