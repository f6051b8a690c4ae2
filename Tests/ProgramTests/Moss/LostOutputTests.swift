import BytePath
import TestSupport
import Testing

/// What a program has to say is not lost without a word, whatever the program and the option.
@Suite struct LostOutputTests {
    /// Ways for standard output not to take anything.
    enum Sink: BytePath, CaseIterable {
        case full = "exec \"$0\" \"$@\" >/dev/full"
        case closed = "exec \"$0\" \"$@\" >&-"
        case allClosed = "exec \"$0\" \"$@\" <&- >&- 2>&-"
        case readOnly = "exec \"$0\" \"$@\" 1</dev/null"
    }

    private func run(_ command: Command, into sink: Sink) throws -> CommandResult {
        var shell = Command("sh", ["-c", sink.rawValue, command.program] + command.arguments)
        shell.environment = command.environment
        shell.directory = command.directory
        return try shell.run()
    }

    private func expectLoss(_ command: Command, _ location: SourceLocation = #_sourceLocation) throws {
        for sink in Sink.allCases {
            let result = try run(command, into: sink)
            #expect(result.end == .exited(11), "\(command.commandLine) \(sink)", sourceLocation: location)
            #expect(
                sink == .allClosed || result.errorText.contains("output could be written to standard output"),
                "\(command.commandLine) \(sink): \(result.errorText)", sourceLocation: location)
        }
    }

    @Test func answersOfTheParser() throws {
        try withScratchDirectory { directory in
            for arguments: [BytePath] in [
                ["--help"], ["-h"], ["--version"], ["-V"], ["help"], ["help", "install"], ["install", "--help"],
                ["repo", "add", "--help"], ["-D", "/", "list", "--help"], ["--generate-completion-script", "bash"],
                ["--generate-completion-script", "zsh"], ["--experimental-dump-help"], ["version"],
                ["version", "--json"],
            ] {
                try expectLoss(BuiltProduct.moss.command(arguments))
            }
            for arguments: [BytePath] in [
                ["--help"], ["--generate-completion-script", "fish"], ["--experimental-dump-help"],
            ] {
                try expectLoss(BuiltProduct.deb2stone.command(arguments))
            }
        }
    }

    @Test func questions() throws {
        try MossFixture.run { fixture in
            try fixture.publish("tool")
            try fixture.prepare()
            try fixture.succeed("install", "-y", "tool")
            for arguments: [BytePath] in [
                ["list", "installed"], ["list", "available", "--json"], ["info", "tool"], ["state", "list"],
                ["install", "--dry-run", "tool", "--json"], ["repo", "list"], ["fsck"], ["du"], ["gc"],
                ["inspect", fixture.stones.appending("tool-1.0-1-1-x86_64.stone")],
            ] {
                try expectLoss(fixture.command(arguments))
            }
        }
    }

    @Test func changesStayDone() throws {
        for sink in Sink.allCases {
            try MossFixture.run { fixture in
                try fixture.publish("tool")
                try fixture.prepare()
                let result = try run(fixture.command(["install", "-y", "tool"]), into: sink)
                #expect(result.end == .exited(11))
                #expect(
                    sink == .allClosed || result.errorText.hasPrefix("moss: install: done, but not all of its output"))
                try fixture.succeed("list", "installed", hasPrefix: "tool ")
                try fixture.succeed("fsck", "--full", hasSuffix: "nothing is wrong.\n")
            }
        }
    }

    /// What is wrong counts more, and is told where it can be.
    @Test func errorsStayWhatTheyAre() throws {
        try MossFixture.run { fixture in
            try fixture.publish("tool")
            try fixture.prepare()
            for arguments: [BytePath] in [["info", "nothing"], ["info", "nothing", "--json"]] {
                for sink in Sink.allCases {
                    let result = try run(fixture.command(arguments), into: sink)
                    #expect(result.end == .exited(3), "\(sink)")
                    #expect(sink == .allClosed || result.errorText.hasPrefix("moss: nothing"), "\(result.errorText)")
                }
            }
            let usage = try run(fixture.command(["nonsense", "--json"]), into: .full)
            #expect(usage.end == .exited(2))
            #expect(usage.errorText.hasPrefix("moss: nonsense"))
        }
    }

    @Test func aQuestionThatCannotBeReadIsNotAsked() throws {
        try MossFixture.run { fixture in
            try fixture.publish("tool")
            try fixture.prepare()
            // script(1) gives the command a terminal to answer on.
            let script = "printf 'y\\n' | script -qec \"$0 -D $1 install tool >/dev/full\" /dev/null; exit $?"
            let result = try Command(
                "bash", ["-o", "pipefail", "-c", BytePath(script), BuiltProduct.moss.path, fixture.root]
            ).run()
            #expect(result.end == .exited(11), "\(result.outputText)")
            #expect(result.outputText.contains("nothing was changed"), "\(result.outputText)")
            try fixture.succeed("list", "installed", hasPrefix: "")
            #expect(try fixture.exists("usr/bin/tool") == false)
        }
    }

    @Test func aReaderThatWentAwayIsNoLoss() throws {
        try MossFixture.run { fixture in
            try fixture.publish("tool")
            try fixture.prepare()
            let script: BytePath = "\"$0\" \"$@\" | true; exit ${PIPESTATUS[0]}"
            for arguments: [BytePath] in [["install", "-y", "tool"], ["list", "available"], ["--help"]] {
                let command = try fixture.command(arguments)
                let result = try Command("bash", ["-c", script, command.program] + command.arguments).run()
                #expect(result.end == .exited(0) && result.errorText == "", "\(result.errorText)")
            }
        }
    }

    @Test func stonesAreMadeAllTheSame() throws {
        for sink in Sink.allCases {
            try withScratchDirectory { directory in
                try DebianSample.make(in: directory)
                for option: [BytePath] in [[], ["--json"]] {
                    var command = try BuiltProduct.deb2stone.command(["-o", "out", "--index"] + option + ["debs"])
                    command.directory = directory
                    let result = try run(command, into: sink)
                    #expect(result.end == .exited(11), "\(sink)")
                    #expect(TestFiles.names(in: directory.appending("out").display)?.count == 3)
                }
            }
        }
    }
}
