import BytePath
import LinuxSystem
import TestSupport
import Testing

/// The tracer, on shell commands whose system calls are known.
struct CallTracerTests {
    private static let killed: Int32 = 90

    private func counts(_ script: String, in scratch: BytePath) throws -> [Substring: Int] {
        let file = scratch.appending("counts")
        try BuiltProduct.callTracer.command(["count", "-o", file, "--", "sh", "-c", BytePath(script)]).runSuccessfully()
        let lines = String(decoding: try Descriptor.open(file).readAll(), as: UTF8.self).split(separator: "\n")
        return Dictionary(
            uniqueKeysWithValues: lines.map { line in
                let words = line.split(separator: " ")
                return (words[0], Int(words[1]) ?? -1)
            })
    }

    private func run(_ arguments: [BytePath], script: String, in scratch: BytePath) throws -> CommandResult {
        let script = BytePath("cd '\(scratch.display)'; \(script)")
        return try BuiltProduct.callTracer.command(arguments + ["--", "sh", "-c", script]).run()
    }

    @Test func callsOfChildrenAreCounted() throws {
        try withScratchDirectory { scratch in
            let base = try counts("true", in: scratch)
            let path = scratch.display
            let more = try counts("mkdir '\(path)/a'; ln -s x '\(path)/l'; (: >'\(path)/f') & wait", in: scratch)
            #expect(base["mkdir"] == nil && more["mkdir"] == 1)
            #expect(more["symlinkat"] == 1)
            #expect(more["openat(O_CREAT|O_TRUNC)"] == 1 && base["openat(O_CREAT|O_TRUNC)"] == 0)
            #expect(more["execve"] == 2, "mkdir and ln; counting starts when the command's own is done")
            let sum = more.filter { $0.key != "total" && $0.key != "openat(O_CREAT|O_TRUNC)" }.values.reduce(0, +)
            #expect(more["total"] == sum)
            #expect(try counts("true", in: scratch) == base, "the same command makes the same calls")
        }
    }

    @Test(arguments: 1...6)
    func theCommandIsKilledBeforeOrAfterTheCall(number: Int) throws {
        let script = "mkdir 1; mkdir 2; mkdir 3; mkdir 4; exit 7"
        for after in [false, true] {
            try withScratchDirectory { scratch in
                let flags: [BytePath] = after ? ["kill", "--after", "--mutating"] : ["kill", "--mutating"]
                let result = try run(flags + [BytePath("\(number)")], script: script, in: scratch)
                let made = try Descriptor.openDirectory(scratch).entries().count
                #expect(made == min(4, after ? number : number - 1))
                #expect(result.end == .exited(number <= 4 ? Self.killed : 7))
            }
        }
    }

    @Test func theWholeTreeOfProcessesDies() throws {
        try withScratchDirectory { scratch in
            let script = "(while :; do sleep 0.01; : >alive; done) & sleep 0.1; mkdir now; sleep 60"
            var command = try BuiltProduct.callTracer.command([
                "kill", "--mutating", "200", "--", "sh", "-c", BytePath("cd '\(scratch.display)'; \(script)"),
            ])
            command.timeoutSeconds = 60
            let end = try command.run().end
            #expect(end == .exited(Self.killed))
            let directory = try Descriptor.openDirectory(scratch)
            try directory.unlink("alive")
            try Command("sleep", ["0.1"]).runSuccessfully()
            let status = try directory.statusIfPresent(of: "alive")
            #expect(status == nil)
        }
    }

    @Test func aCallFailsOnDemand() throws {
        try withScratchDirectory { scratch in
            let result = try run(["fail", "mkdir", "1", "28"], script: "mkdir a; mkdir b", in: scratch)
            #expect(result.errorText.contains("No space left on device"))
            let made = try Descriptor.openDirectory(scratch).entries().map(\.name)
            #expect(made == ["b"])
        }
    }

    @Test func endsArePassedOn() throws {
        try withScratchDirectory { scratch in
            #expect(try run(["kill", "1000000"], script: "kill -15 $$", in: scratch).end == .exited(128 + 15))
            let refused = try BuiltProduct.callTracer.command(["kill", "0", "--", "true"]).run()
            #expect(refused.end == .exited(91))
            let missing = try BuiltProduct.callTracer.command(["kill", "1", "--", "/no/such"]).run()
            #expect(missing.end == .exited(92))
        }
    }
}
