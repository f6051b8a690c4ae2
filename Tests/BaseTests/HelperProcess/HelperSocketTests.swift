import BytePath
import Glibc
import HelperProcess
import LinuxSystem
import TestSupport
import Testing

/// Traffic both ways with a process that lives as long as it is wanted.
@Suite struct HelperSocketTests {
    private static func start(_ script: String, ready: BytePath? = nil) throws -> HelperProcess {
        try HelperProcess.start(
            "/bin/bash", arguments: ["-c", BytePath(script), "helper"], socket: "--socket", ready: ready)
    }

    /// What comes next on the process's socket, up to the end of a line.
    private func line(of process: borrowing HelperProcess) throws -> String {
        var bytes: [UInt8] = []
        while bytes.last != UInt8(ascii: "\n") {
            let count = try withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { buffer in
                let count =
                    switch process.socket {
                    case .some(let socket): try socket.read(into: buffer)
                    case .none: 0
                    }
                bytes += buffer[..<count]
                return count
            }
            if count == 0 { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func send(_ text: String, to process: borrowing HelperProcess) throws {
        switch process.socket {
        case .some(let socket): try socket.send(Array(text.utf8))
        case .none: Issue.record("there is no socket")
        }
    }

    @Test func itAnswersAndEndsWithItsSocket() throws {
        let process = try Self.start(
            "echo 'R 2' >&$4; while read -r line <&$2; do echo \"got $line\" >&$2; done; exit 7", ready: "--ready")
        #expect(process.remark == "2")
        for text in ["a", "b c", String(repeating: "long", count: 10_000)] {
            try send("\(text)\n", to: process)
            #expect(try line(of: process) == "got \(text)\n")
        }
        #expect(process.end() == .exited(7))
    }

    @Test func oneThatDoesNotSeeItsSocketCloseIsEnded() throws {
        let process = try Self.start("exec sleep 1000")
        let identifier = process.identifier
        #expect(process.end(patienceMilliseconds: 50) == .signalled(WaitingSignals.terminate))
        #expect(!ChildProcess.exists(identifier))
        let stubborn = try Self.start(
            "trap '' TERM; echo R >&$4; while :; do sleep 0.05; done", ready: "--ready")
        #expect(stubborn.end(patienceMilliseconds: 50) == .signalled(WaitingSignals.kill))
    }

    @Test func oneThatHasGoneIsAnErrorAndNoSignal() throws {
        let process = try Self.start("exit 0")
        #expect(try line(of: process) == "")
        #expect(throws: SystemError.self) {
            // The first may still fit into what nobody reads.
            for _ in 0..<1000 { try send(String(repeating: "x", count: 1000), to: process) }
        }
        #expect(process.end() == .exited(0))
    }

    @Test func whyItCannotStartIsTold() {
        #expect(throws: HelperError("/bin/bash", .refused("no network"))) {
            _ = try Self.start("echo 'Eno network' >&$4; read -r line <&$2", ready: "--ready").end()
        }
    }

    /// The process's side, in a process of its own.
    @Test func whoeverHasAConnectionEndsWithIt() async {
        await #expect(processExitsWith: .exitCode(HelperConnection.abandonedStatus)) {
            let pair = try SocketPair()
            let connection = try HelperConnection(adopting: try pair.there.duplicate().keepOpen())
            let here = pair.intoHere()
            try here.send([1, 2, 3])
            // What was sent is there, and ends nobody.
            guard try connection.socket.waitUntilReadable(milliseconds: 60_000) else { exit(3) }
            pause(milliseconds: 100)
            _ = consume here
            pause(milliseconds: 60_000)
            exit(4)
        }
        await #expect(processExitsWith: .exitCode(5)) {
            let pair = try SocketPair()
            let connection = try HelperConnection(adopting: try pair.there.duplicate().keepOpen())
            let here = pair.intoHere()
            try here.send([1])
            pause(milliseconds: 300)
            exit(here.raw >= 0 && connection.socket.raw >= 0 ? 5 : 6)
        }
    }
}
