import BytePath
import TestSupport
import Testing

/// The helper that runs programs, on programs every system has.
struct CommandTests {
    @Test func streamsAndExitCodeAreCaptured() throws {
        var command = Command("sh", ["-c", "cat; echo $COLOUR >&2; pwd; exit 3"])
        command.input = Array("in\n".utf8)
        command.environment = ["COLOUR": "blue", "PATH": "/usr/bin:/bin"]
        command.directory = "/"
        let result = try command.run()
        #expect(result.end == .exited(3))
        #expect(result.outputText == "in\n/\n")
        #expect(result.errorText == "blue\n")
    }

    @Test func aSignalIsToldFromAnExit() throws {
        let end = try Command("sh", ["-c", "kill -9 $$"]).run().end
        #expect(end == .signalled(9))
    }

    @Test func theTimeOutKillsTheWholeGroup() throws {
        var command = Command("sh", ["-c", "sleep 60 & wait"])
        command.timeoutSeconds = 0.2
        let end = try command.run().end
        #expect(end == .timedOut)
    }

    @Test func aMissingProgramIsAnError() {
        #expect(throws: TestSupportError.self) { try Command("/no/such/program").run() }
        #expect(throws: TestSupportError.self) { try Command("false").runSuccessfully() }
    }

    @Test(arguments: BuiltProduct.allCases)
    func productsAreBuilt(product: BuiltProduct) throws {
        let result = try Command("test", ["-x", product.path]).run()
        #expect(result.exitCode == 0)
    }
}
