internal import CLinux
import Glibc

/// Signals that wait to be taken instead of interrupting, for programs of one thread whose work is to wait.
package struct WaitingSignals: Sendable {
    /// One that was taken.
    package struct Received: Sendable {
        package let number: Int32
        /// Not sent by a process: the terminal's Ctrl-C, a child's end.
        package let isFromKernel: Bool
        /// Sent by ``ChildProcess/sendForGroup(_:to:)``.
        package let isForGroup: Bool
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
        var origin: Int32 = 0
        let number = moss_wait_for_signal(mask, milliseconds ?? -1, &origin)
        guard number > 0 else { return nil }
        return Received(number: number, isFromKernel: origin == 1, isForGroup: origin == 2)
    }

    /// Lets all signals interrupt again, for a child that becomes another program.
    package static func unblockAll() {
        var none = sigset_t()
        sigemptyset(&none)
        Glibc.signal(SIGPIPE, SIG_DFL)
        Glibc.signal(SIGXFSZ, SIG_DFL)
        sigprocmask(SIG_SETMASK, &none, nil)
    }
}
