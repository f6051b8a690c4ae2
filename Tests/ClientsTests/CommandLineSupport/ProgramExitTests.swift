import CommandLineSupport
import Deb2StoneCommands
import MossCommands
import Testing

/// Exit codes are promised to scripts.
@Suite struct ProgramExitTests {
    private enum Sample: Int32, ProgramExit {
        case fine = 0
        case other = 3
        var meaning: String { self == .fine ? "all is well" : "it is not" }
    }

    @Test func theHelpTellsThemAll() {
        #expect(Sample.summary == "0 all is well; 3 it is not.")
        #expect(Deb2StoneExit.allCases.map(\.rawValue) == [0, 1, 2, 11, 64])
        #expect(Deb2StoneExit.outputLost.rawValue == ProgramOutput.lostExitCode)
        #expect(MossExit.outputLost.rawValue == ProgramOutput.lostExitCode)
    }

    @Test func failuresKnowTheirProgram() {
        let failure = ProgramFailure(Sample.other, code: "other", "a\nb")
        let text = JSONDocument.text(schema: "sample/9", command: "do it", notices: ["n"], failure: failure)
        #expect(
            text == """
                {"command":"do it","error":{"code":"other","exit":3,"message":"a\\nb"},"notices":["n"],\
                "schema":"sample/9"}
                """)
    }
}
