internal import BytePath
import Glibc
internal import LinuxSystem

/// A program that was started; ``wait()`` collects it.
///
/// Letting go of it without waiting kills its process group, so that no test leaves a program behind.
package final class RunningCommand {
    package let identifier: Int32
    private let deadline: UInt64
    private let streams: Streams
    private var end: CommandResult.End?

    init(identifier: Int32, timeoutSeconds: Double, streams: consuming Streams) {
        self.identifier = identifier
        self.deadline = monotonicNanoseconds() + UInt64(timeoutSeconds * 1e9)
        self.streams = streams
    }

    deinit {
        guard end == nil else { return }
        signal(SIGKILL)
        var status: Int32 = 0
        _ = waitpid(identifier, &status, 0)
    }

    /// Sends `number` to the program and everything it started in its process group.
    package func signal(_ number: Int32) {
        if end == nil { _ = kill(-identifier, number) }
    }

    package var isRunning: Bool {
        if end == nil { end = Self.poll(identifier) }
        return end == nil
    }

    /// What the program wrote to its standard output so far.
    package var outputSoFar: [UInt8] { Streams.contents(of: streams.output) }

    /// What the program wrote to its standard error so far.
    package var errorsSoFarText: String { String(decoding: Streams.contents(of: streams.errors), as: UTF8.self) }

    /// Waits for the program to end; kills its process group once the command's time is over.
    package func wait() throws(TestSupportError) -> CommandResult {
        var pauseMicroseconds: UInt32 = 100
        var isTimedOut = false
        while isRunning {
            if !isTimedOut && monotonicNanoseconds() > deadline {
                isTimedOut = true
                signal(SIGKILL)
            }
            usleep(pauseMicroseconds)
            pauseMicroseconds = min(pauseMicroseconds * 5 / 4, 5000)
        }
        return CommandResult(
            end: isTimedOut ? .timedOut : end ?? .timedOut, output: Streams.contents(of: streams.output),
            errors: Streams.contents(of: streams.errors))
    }

    /// How the child ended, or nil while it runs.
    private static func poll(_ identifier: Int32) -> CommandResult.End? {
        var status: Int32 = 0
        guard waitpid(identifier, &status, WNOHANG) == identifier else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }
}

/// Files for a child's three streams: unlike pipes they never fill up, so nobody has to read while it runs.
struct Streams: ~Copyable {
    let input: Descriptor
    let output: Descriptor
    let errors: Descriptor

    init(input bytes: [UInt8]) throws(TestSupportError) {
        let input = try Self.unnamedFile()
        let output = try Self.unnamedFile()
        let errors = try Self.unnamedFile()
        do throws(SystemError) {
            try input.write(bytes)
            guard lseek(input.raw, 0, SEEK_SET) == 0 else { throw SystemError(.inputOutput, call: "lseek") }
        } catch {
            throw TestSupportError("cannot write a child's input: \(error)")
        }
        self.input = input
        self.output = output
        self.errors = errors
    }

    static func contents(of file: borrowing Descriptor) -> [UInt8] {
        (try? file.readAll()) ?? []
    }

    private static func unnamedFile() throws(TestSupportError) -> Descriptor {
        let directory: BytePath = "/tmp"
        let name = BytePath("moss-stream-\(getpid())-\(UInt64.random(in: 0...UInt64.max))")
        do throws(SystemError) {
            let parent = try Descriptor.openDirectory(directory)
            let file = try parent.open(name, [.readWrite, .create, .exclusive], mode: 0o600)
            try parent.unlink(name)
            return file
        } catch {
            throw TestSupportError("cannot make a file in \(directory): \(error)")
        }
    }
}
