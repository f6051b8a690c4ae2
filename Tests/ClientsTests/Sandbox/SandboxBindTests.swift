import BytePath
import Sandbox
import Testing

/// What is shown inside, as people write it.
struct SandboxBindTests {
    @Test func onePathIsForBothPlaces() throws {
        #expect(try SandboxRequest.Bind(argument: "/a") == .init("/a", to: "/a"))
        #expect(try SandboxRequest.Bind(argument: "/a:/b") == .init("/a", to: "/b"))
        #expect(try SandboxRequest.Bind(argument: "/a:/b:c") == .init("/a", to: "/b:c"))
        let bytes = BytePath(bytes: [47, 255, 58, 47, 254])
        #expect(
            try SandboxRequest.Bind(argument: bytes)
                == .init(BytePath(bytes: [47, 255]), to: BytePath(bytes: [47, 254])))
    }

    @Test(arguments: ["", ":", "/a:", ":/b"])
    func halfOfOneIsRefused(argument: String) {
        #expect(throws: SandboxError.self) { try SandboxRequest.Bind(argument: BytePath(argument)) }
    }
}
