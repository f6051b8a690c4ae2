internal import LinuxSystem

/// The process that carries what is typed and shown between the caller's terminal and the sandbox's own.
///
/// It sees to the terminal's modes as well when the supervisor is killed, which closes its lifeline.
final class TerminalRelay {
    private let terminal: PseudoTerminal
    private let process: Int32
    /// Held open for as long as the relay may live.
    private var lifeline: Descriptor?
    /// How long the last output may take on its way to the terminal.
    private static let patienceNanoseconds: UInt64 = 5_000_000_000

    init(starting terminal: PseudoTerminal) throws(SandboxError) {
        let pipe = try explaining("cannot make a pipe") { () throws(SystemError) in try Pipe() }
        process = try explaining("cannot start a process") { () throws(SystemError) in try ChildProcess.fork() }
        if process == 0 {
            terminal.relay(until: pipe.intoReading())
            CurrentProcess.exitImmediately(0)
        }
        self.terminal = terminal
        lifeline = pipe.intoWriting()
    }

    /// Waits for the last output once the sandbox has ended, and gives the terminal its modes back.
    func finish(_ signals: WaitingSignals) {
        terminal.closeOtherSide()
        let deadline = monotonicNanoseconds() + Self.patienceNanoseconds
        while !ChildProcess.hasEnded(process), monotonicNanoseconds() < deadline { _ = signals.next(milliseconds: 20) }
        lifeline = nil
        terminal.restore()
    }
}
