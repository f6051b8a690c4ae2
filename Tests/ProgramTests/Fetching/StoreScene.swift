import BytePath
import Foundation
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// A collection that is published into a store, a root that reads it from there, and what both are told of the store.
struct StoreScene {
    let fixture: MossFixture
    let endpoint: String
    var bucket = "moss"
    var prefix = "stones/main"
    /// What was published into, below the scratch directory.
    var directory: BytePath = "out"
    var keys: (access: String, secret: String)?

    var target: BytePath { BytePath("s3://\(bucket)/\(prefix)") }

    init(_ fixture: MossFixture, _ server: S3Server, endpoint: String? = nil) {
        self.fixture = fixture
        self.endpoint = endpoint ?? server.endpoint
        keys = (server.accessKey, server.secretKey)
    }

    /// A store that is none.
    init(_ fixture: MossFixture, endpoint: String) {
        self.fixture = fixture
        self.endpoint = endpoint
        keys = ("AKIATESTSUPPORT00001", "secret/of+nobody")
    }

    func command(_ arguments: [BytePath]) throws -> Command {
        var command = try fixture.command(arguments)
        command.environment?["HOME"] = fixture.scratch.display
        if let keys {
            command.environment?["AWS_ACCESS_KEY_ID"] = keys.access
            command.environment?["AWS_SECRET_ACCESS_KEY"] = keys.secret
        }
        return command
    }

    /// Publishes the stones into a directory.
    func index(_ options: BytePath...) throws {
        try command(["index", fixture.stones, "--publish", fixture.scratch.appending("out")] + options)
            .runSuccessfully()
    }

    func publishing(_ options: [BytePath] = []) throws -> Command {
        try command(
            ["publish", fixture.scratch.appending(directory), target, "--endpoint", BytePath(endpoint), "--json"]
                + options)
    }

    /// Sends it into the store and returns what the report says; the secret is in no text.
    @discardableResult
    func publish(
        _ options: BytePath..., exit: Int32 = 0, _ location: SourceLocation = #_sourceLocation
    ) throws -> [String: Any] {
        let result = try publishing(options).run()
        #expect(result.end == .exited(exit), "\(result.outputText)\(result.errorText)", sourceLocation: location)
        if let secret = keys?.secret {
            #expect(!(result.outputText + result.errorText).contains(secret), sourceLocation: location)
        }
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any], "\(result.outputText)",
            sourceLocation: location)
        return try #require(document[exit == 0 ? "data" : "error"] as? [String: Any], sourceLocation: location)
    }

    /// Publishing has to fail with this code, and say this.
    func expect(
        _ code: String, exit: Int32 = 1, saying words: String = "", _ location: SourceLocation = #_sourceLocation
    ) throws {
        let error = try publish(exit: exit, location)
        #expect(error["code"] as? String == code, "\(error)", sourceLocation: location)
        let message = error["message"] as? String ?? ""
        #expect(words.isEmpty || message.contains(words), "\(error)", sourceLocation: location)
        #expect(!message.utf8.contains { $0 < 0x20 }, "\(error)", sourceLocation: location)
    }

    /// Makes the root, with the collection in the store.
    func prepare(_ options: BytePath...) throws {
        try command(["init"]).runSuccessfully()
        try settle()
        try command(["repo", "add", "tests", target, "--endpoint", BytePath(endpoint), "--unsigned"] + options)
            .runSuccessfully()
    }

    /// So that nobody waits long for servers that are away.
    func settle() throws {
        for place in ["etc", "etc/moss"] as [BytePath] {
            let path = fixture.root.appending(place)
            try Descriptor.openDirectory(path.parent).ensureDirectory(path.lastComponent)
        }
        try Descriptor.openDirectory(fixture.root.appending("etc/moss")).replaceFile(
            "fetch.yaml", with: Array((ServedRoot.impatience + "\n").utf8))
    }

    /// Fetches everything that the store offers, which is verified, and returns the releases by name.
    func read() throws -> [String: Int] {
        try command(["repo", "update"]).runSuccessfully()
        let listing = try command(["list", "available", "--json"]).runSuccessfully()
        let document = try JSONSerialization.jsonObject(with: Data(listing.output)) as? [String: Any]
        let data = try #require(document?["data"] as? [String: Any])
        let packages = try #require(data["packages"] as? [[String: Any]])
        var releases: [String: Int] = [:]
        for package in packages {
            let version = try #require(package["version"] as? String)
            releases[try #require(package["name"] as? String)] = version.split(separator: "-").last.flatMap { Int($0) }
        }
        try withScratchDirectory(inMemory: true) { output in
            try command(["fetch", "-o", output] + releases.keys.sorted().map { BytePath($0) }).runSuccessfully()
            #expect(try Descriptor.openDirectory(output).entries().count == releases.count)
        }
        return releases
    }
}
