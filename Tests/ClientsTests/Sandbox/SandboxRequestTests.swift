import BytePath
import Sandbox
import TestSupport
import Testing

/// The request's way through the arguments of moss-sandbox.
struct SandboxRequestTests {
    @Test func everyRequestSurvivesItsArguments() throws {
        for seed in UInt64(0)..<300 {
            var random = SeededGenerator(seed: seed)
            let request = Self.randomRequest(&random)
            #expect(try SandboxRequest(arguments: request.arguments) == request, "seed \(seed)")
        }
    }

    @Test func aRequestWithoutOptionsIsShort() {
        let request = SandboxRequest(lower: .directory("/l"), command: ["ls", "-l"])
        #expect(request.arguments == ["--lower", "/l", "--etc", "host", "--directory", "/", "--", "ls", "-l"])
    }

    @Test(arguments: [
        "", "--lower", "--lower /l", "--lower /l --", "--lower l -- c", "--lower /l --lower /m -- c", "-- c",
        "--lower /l --what -- c", "--lower /l c", "--lower /l --inherit 5 -- c", "--lower /l --timeout 5 -- c",
        "--provider 0 -- c", "--provider 9 /p -- c", "--provider x /p -- c", "--provider 1 p -- c",
        "--provider 01 /p -- c", "--provider 1 /p --inherit 2 -- c", "--provider 1 /p --inherit -4 -- c",
        "--lower /l --etc some -- c", "--lower /l --directory d -- c", "--lower /l --keep k -- c",
        "--lower /l --keep /k --read-only -- c", "--lower /l --bind /a -- c", "--lower /l --bind /a b -- c",
        "--lower /l --bind a /b -- c", "--lower /l --bind /a / -- c", "--lower /l --bind /a /b/../c -- c",
        "--lower /l --env A -- c", "--lower /l --env =A -- c", "--lower /l --parent me -- c",
    ])
    func whatMakesNoSenseIsRefused(line: String) {
        let words = line.split(separator: " ").map { BytePath(String($0)) }
        #expect(throws: SandboxError.self) { try SandboxRequest(arguments: words) }
    }

    @Test func namesWithNULAreRefused() {
        let name = BytePath(bytes: Array("/l\0m".utf8))
        #expect(throws: SandboxError.self) {
            try SandboxRequest(lower: .directory(name), command: ["c"]).validate()
        }
    }

    @Test func anEmptyCommandIsRefused() {
        for command: [BytePath] in [[], [""]] {
            #expect(throws: SandboxError.self) {
                try SandboxRequest(lower: .directory("/l"), command: command).validate()
            }
        }
    }

    private static func randomRequest(_ random: inout SeededGenerator) -> SandboxRequest {
        var request = SandboxRequest(lower: .directory(path(&random)), command: [word(&random, minimum: 1)])
        if Bool.random(using: &random) {
            var provider = SandboxRequest.Provider(path(&random), words(&random))
            provider.inherited = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                Int32.random(in: 3...Int32.max, using: &random)
            }
            provider.timeoutSeconds = Int32.random(in: 0...Int32.max, using: &random)
            request.lower = .provider(provider)
        }
        request.command += words(&random)
        request.isReadOnly = Bool.random(using: &random)
        if !request.isReadOnly, Bool.random(using: &random) { request.keep = path(&random) }
        request.configuration = SandboxRequest.Configuration.allCases.randomElement(using: &random) ?? .host
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            request.binds.append(
                SandboxRequest.Bind(
                    path(&random), to: path(&random), isReadOnly: Bool.random(using: &random)))
        }
        request.workingDirectory = path(&random)
        request.passesEnvironment = Bool.random(using: &random)
        request.variables = words(&random).map { BytePath(bytes: Array("V=".utf8) + $0.bytes) }
        request.sharesNetwork = Bool.random(using: &random)
        if Bool.random(using: &random) { request.parent = Int32.random(in: 0...Int32.max, using: &random) }
        return request
    }

    private static func words(_ random: inout SeededGenerator) -> [BytePath] {
        (0..<Int.random(in: 0...4, using: &random)).map { _ in word(&random, minimum: 0) }
    }

    private static func path(_ random: inout SeededGenerator) -> BytePath {
        BytePath(bytes: Array("/p".utf8) + word(&random, minimum: 0).bytes.filter { $0 != 47 && $0 != 46 })
    }

    /// Often something that looks like an option, otherwise any bytes but NUL.
    private static func word(_ random: inout SeededGenerator, minimum: Int) -> BytePath {
        let options: [BytePath] = ["--", "--lower", "--bind", "--provider", "{ready}", "-", "3"]
        if Int.random(in: 0..<3, using: &random) == 0 { return options.randomElement(using: &random) ?? "--" }
        let count = Int.random(in: minimum...12, using: &random)
        return BytePath(bytes: (0..<count).map { _ in UInt8.random(in: 1...255, using: &random) })
    }
}
