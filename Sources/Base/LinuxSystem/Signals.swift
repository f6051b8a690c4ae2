internal import CLinux
import Glibc

/// Signals that wait to be taken instead of interrupting, for programs of one thread whose work is to wait.
package struct WaitingSignals: Sendable {
    /// One that was taken.
    package struct Received: Sendable {
        package let number: Int32
        /// Not sent by a process: the terminal's Ctrl-C, a child's end.
        package let isFromKernel: Bool
    }

    package static let childEnded = SIGCHLD
    package static let hangup = SIGHUP
    package static let kill = SIGKILL
    package static let terminate = SIGTERM
    /// See ``Descriptor/signalWhenReadable()``.
    package static let readable = SIGIO

    /// Signal n is bit n.
    private let mask: UInt64

    /// Blocks the signals that ask a program to do something, and SIGCHLD, from here on, also in children.
    ///
    /// Those of job control keep stopping and continuing the process.
    package init() {
        var set = sigset_t()
        var mask: UInt64 = 0
        sigemptyset(&set)
        for number in [SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE, SIGIO] {
            sigaddset(&set, number)
            mask |= 1 << UInt64(number)
        }
        sigprocmask(SIG_BLOCK, &set, nil)
        // An ignored signal never waits, and an ignored SIGCHLD would lose how children end.
        Glibc.signal(SIGCHLD, SIG_DFL)
        self.mask = mask
    }

    /// The next signal; nil when none comes within `milliseconds`, or when the process was stopped meanwhile.
    package func next(milliseconds: Int64? = nil) -> Received? {
        var isFromKernel: Int32 = 0
        let number = moss_wait_for_signal(mask, milliseconds ?? -1, &isFromKernel)
        return number > 0 ? Received(number: number, isFromKernel: isFromKernel == 1) : nil
    }

    /// Lets all signals interrupt again, for a child that becomes another program.
    package static func unblockAll() {
        var none = sigset_t()
        sigemptyset(&none)
        Glibc.signal(SIGPIPE, SIG_DFL)
        sigprocmask(SIG_SETMASK, &none, nil)
    }
}

/// The terminal that this process's standard input is, and which process group reads from it.
package struct ControllingTerminal: Sendable {
    private let descriptor: Int32

    /// nil unless a standard stream is this session's terminal and this process's group reads from it.
    package init?() {
        for stream in Int32(0)...2 where tcgetpgrp(stream) == getpgrp() {
            descriptor = stream
            return
        }
        return nil
    }

    /// Gives the terminal back to this process's group, where a program took it and did not return it.
    package func takeBack() {
        guard tcgetpgrp(descriptor) != getpgrp() else { return }
        let former = Glibc.signal(SIGTTOU, SIG_IGN)
        tcsetpgrp(descriptor, getpgrp())
        Glibc.signal(SIGTTOU, former)
    }
}
