import BytePath
import HelperProcess
import LinuxSystem
import TestSupport
import Testing

/// Real processes, and all the ways in which one can fail to become ready.
@Suite struct HelperProcessTests {
    /// A shell that runs `script`, in which $2 is the number behind the only option.
    private static func launch(_ script: String, seconds: Int32 = 60) -> HelperLaunch {
        var launch = HelperLaunch("/bin/bash", ["-c", BytePath(script), "helper"])
        launch.ready = "--ready"
        launch.patienceSeconds = seconds
        return launch
    }

    private func cause(of launch: HelperLaunch) throws -> HelperError.Cause {
        do throws(HelperError) {
            let process = try HelperProcess.start(launch)
            process.end()
        } catch {
            #expect(error.program == launch.program)
            return error.cause
        }
        throw TestSupportError("it became ready")
    }

    @Test(arguments: [
        ("echo R >&$2", ""), ("printf R >&$2", ""), ("echo 'R fast' >&$2", "fast"), ("printf 'R fast' >&$2", "fast"),
    ])
    func oneThatIsReadyGoesOn(answer: String, remark: String) throws {
        let process = try HelperProcess.start(Self.launch("\(answer); exec sleep 1000"))
        #expect(process.remark == remark)
        let identifier = process.identifier
        #expect(ChildProcess.exists(identifier))
        #expect(process.end() == .signalled(WaitingSignals.terminate))
        #expect(!ChildProcess.exists(identifier))
    }

    @Test(arguments: [
        ("printf 'Eno such\\nplace' >&$2; exit 3", "no such\nplace"), ("echo 'Ebad' >&$2; sleep 0.1", "bad"),
        ("printf 'Ehalf' >&$2; exec sleep 1000", "half"), ("echo E >&$2", ""),
        ("printf E >&$2; sleep 0.1; printf late >&$2", "late"),
    ])
    func itsOwnWordsAreTheError(script: String, text: String) throws {
        try withScratchDirectory { scratch in
            let script = "echo $$ >'\(scratch.display)/pid'; \(script)"
            #expect(try cause(of: Self.launch(script)) == .refused(text))
            try expectGone(scratch)
        }
    }

    @Test func anEndBeforeItIsReadyIsTold() throws {
        #expect(try cause(of: Self.launch("exit 3")) == .ended(.exited(3)))
        #expect(try cause(of: Self.launch("kill -9 $$")) == .ended(.signalled(9)))
        let error = HelperError("/p", .ended(.signalled(9)))
        #expect(error.description.contains("signal 9"))
    }

    @Test(arguments: ["exec sleep 1000", "trap '' TERM; while :; do sleep 0.05; done"])
    func oneThatHangsIsKilledInTime(script: String) throws {
        try withScratchDirectory { scratch in
            let script = "echo $$ >'\(scratch.display)/pid'; \(script)"
            #expect(try cause(of: Self.launch(script, seconds: 1)) == .late(seconds: 1))
            try expectGone(scratch)
        }
    }

    @Test(arguments: ["echo X >&$2", "eval \"exec $2>&-\"", "trap '' TERM; eval \"exec $2>&-\""])
    func oneThatMakesNoSenseIsEnded(script: String) throws {
        try withScratchDirectory { scratch in
            let script = "echo $$ >'\(scratch.display)/pid'; \(script); while :; do sleep 0.05; done"
            #expect(try cause(of: Self.launch(script)) == .senseless)
            try expectGone(scratch)
        }
    }

    private func expectGone(_ scratch: BytePath) throws {
        let text = String(decoding: try Descriptor.openDirectory(scratch).readFile("pid"), as: UTF8.self)
        let process = try #require(Int32(text.split(separator: "\n").first ?? ""))
        #expect(!ChildProcess.exists(process))
    }

    @Test func aMissingProgramIsTold() throws {
        #expect(throws: HelperError("no-such-helper-of-moss", .missing)) {
            try HelperProcess.find("no-such-helper-of-moss")
        }
        #expect(try HelperProcess.find("bash").lastComponent == "bash")
        guard case .system(let error) = try cause(of: HelperLaunch("/no/such")) else {
            Issue.record("something else is wrong")
            return
        }
        #expect(error.number == .noSuchFile)
    }

    /// Only what is named, even of what this process's own caller left open for its children.
    @Test func noOtherDescriptorsAreHandedOver() throws {
        try withScratchDirectory { scratch in
            let directory = try Descriptor.openDirectory(scratch)
            try directory.replaceFile("named", with: Array("named\n".utf8))
            let named = try directory.open("named")
            let leaking = try directory.open("named")
            let other = try Pipe()
            try CurrentProcess.keepOpenOnExecution(leaking.raw)
            try CurrentProcess.keepOpenOnExecution(other.writing.raw)
            var launch = Self.launch(
                """
                for n in {3..255}; do [ ! -e /proc/$$/fd/$n ] || open="$open $n"; done
                read -r line <&\(named.raw)
                echo "R $line $2$open" >&$2; exec sleep 1000
                """)
            launch.inherited = [named.raw]
            let process = try HelperProcess.start(launch)
            let words = process.remark.split(separator: " ")
            #expect(words.first == "named")
            let numbers = words.dropFirst().compactMap { Int32(String($0)) }
            let ready = try #require(numbers.first)
            #expect(Array(numbers.dropFirst()) == [named.raw, ready].sorted())
            process.end()
            // The parent's own are as they were.
            #expect(try named.readAll() == Array("named\n".utf8) && leaking.status().size == 6)
        }
    }

    @Test func argumentsAreAnyBytes() throws {
        var random = SeededGenerator.forTest()
        for _ in 0..<10 {
            try withScratchDirectory { scratch in
                let words = (0..<20).map { _ in
                    BytePath(
                        bytes: (0..<Int.random(in: 0...30, using: &random)).map { _ in
                            UInt8.random(in: 1...255, using: &random)
                        })
                }
                let script: BytePath = "printf '%s\\0' \"$@\" >\"$0\""
                let launch = HelperLaunch("/bin/bash", ["-c", script, scratch.appending("words")] + words)
                #expect(try HelperProcess.run(launch) == .exited(0))
                let found = try Descriptor.openDirectory(scratch).readFile("words")
                #expect(found == words.flatMap { $0.bytes + [0] })
            }
        }
    }

    @Test func itWorksWhereItIsTold() throws {
        try withScratchDirectory { scratch in
            var launch = Self.launch("echo \"R $(pwd -P)\" >&$2; exec sleep 1000")
            launch.directory = scratch
            let process = try HelperProcess.start(launch)
            #expect(process.remark == scratch.display)
            process.end()
        }
    }

    @Test func aDetachedOneKeepsNothing() throws {
        let script = """
            read -r _ _ _ _ _ session _ </proc/$$/stat
            echo "R $((session == $$)) $PWD $(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2 | tr '\\n' ' ')" >&$2
            exec sleep 1000
            """
        var launch = HelperLaunch.detached("/bin/bash", ["-c", BytePath(script), "helper"])
        launch.ready = "--ready"
        let process = try HelperProcess.start(launch)
        #expect(process.remark.split(separator: " ") == ["1", "/", "/dev/null", "/dev/null", "/dev/null"])
        process.end()
    }

    @Test func whoeverIsLeftGoesOnAndOthersDoNot() throws {
        func start() throws -> HelperProcess { try HelperProcess.start(Self.launch("echo R >&$2; exec sleep 1000")) }
        let left = try start().leave()
        #expect(ChildProcess.exists(left))
        ChildProcess.send(WaitingSignals.kill, to: left)
        #expect(try ChildProcess.wait(for: left) == .signalled(9))
        let forgotten = try start().identifier
        #expect(!ChildProcess.exists(forgotten))
    }

    @Test func itsEndIsWaitedFor() throws {
        #expect(try HelperProcess.start(Self.launch("echo R >&$2; exit 5")).wait() == .exited(5))
        #expect(try HelperProcess.run(HelperLaunch("/bin/bash", ["-c", "kill -15 $$"])) == .signalled(15))
    }
}
