import Glibc
package import LinuxSystem
internal import TerminalOutput

/// What every program's commands share: arguments that are bytes, reports as text and as JSON, failures and exit codes,
/// and what becomes of output that cannot be written.
///
/// A program talks through its standard streams, which may be closed, full, or read by nobody any more. Whoever reads a
/// part must not take it for the whole, so output that was lost is told on standard error and in the exit code. A
/// reader that went away, as in `| head`, is no loss.
package struct ProgramOutput: Sendable {
    /// How a program ends that did what it was asked and could not say so.
    package static let lostExitCode: Int32 = 11

    /// The program's name.
    package let program: String

    /// - Parameter program: its name, which complaints begin with.
    package init(of program: String) {
        self.program = program
        CurrentProcess.holdStandardStreams()
        TerminalStream.ignoreClosedPipes()
    }

    /// Writes a whole answer, such as help, to standard output.
    ///
    /// - Parameter terminator: behind the text.
    /// - Returns: 0, or the exit code for lost output.
    package func answer(_ text: String, terminator: String = "\n") -> Int32 {
        do throws(SystemError) {
            try deliver(text + terminator)
            return 0
        } catch {
            return complain(ofLoss: error, after: "done")
        }
    }

    /// Writes a JSON document to standard output, in which nothing is an order to a terminal.
    package func answer(json: String) -> Int32 { answer(json.printableJSON, terminator: "") }

    /// Writes text as it is to standard output.
    package func deliver(_ text: String) throws(SystemError) {
        let stream = TerminalStream(descriptor: STDOUT_FILENO, colours: .never)
        stream.write(text)
        try stream.finish()
    }

    /// Says that output was lost.
    ///
    /// - Parameter deed: what happened all the same, as in `install: done`.
    /// - Returns: the exit code for it.
    package func complain(ofLoss error: SystemError, after deed: String) -> Int32 {
        let loss = "not all of its output could be written to standard output: \(error.number.message)"
        complain("\(deed), but \(loss)")
        return Self.lostExitCode
    }

    /// Writes a line to standard error, after the program's name.
    package func complain(_ message: String) {
        let stream = TerminalStream(descriptor: STDERR_FILENO, colours: .never)
        stream.line("\(program): \(message.printable)")
        stream.flush()
    }

    /// Writes lines to standard error; what a command line said wrong is repeated in them, and it may say anything.
    package func explain(_ text: String) {
        let stream = TerminalStream(descriptor: STDERR_FILENO, colours: .never)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            stream.line(String(line).printable)
        }
        stream.flush()
    }
}
