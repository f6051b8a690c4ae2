package import BytePath
internal import CLinux
import Glibc

/// How a process ended.
package enum ProcessEnd: Hashable, Sendable {
    case exited(Int32)
    case signalled(Int32)

    init(waitStatus status: Int32) {
        let signal = status & 0x7f
        self = signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }

    /// For people.
    package var display: String {
        switch self {
        case .exited(let status): "exit status \(status)"
        case .signalled(let number): "signal \(number)"
        }
    }

    /// The number shells show: the exit status, or 128 plus the signal.
    package var status: Int32 {
        switch self {
        case .exited(let status): status
        case .signalled(let number): 128 + number
        }
    }
}

/// Starting processes and waiting for them.
package enum ChildProcess {
    /// Splits this process, which must have one thread, in two.
    ///
    /// - Returns: 0 in the child, the child's process id in the parent.
    package static func fork() throws(SystemError) -> Int32 {
        let child = moss_fork()
        guard child >= 0 else { throw .last("fork") }
        return child
    }

    /// Waits until the child `process` ends, and forgets it.
    package static func wait(for process: Int32) throws(SystemError) -> ProcessEnd {
        var status: Int32 = 0
        guard retryingInterrupts({ waitpid(process, &status, 0) }) == process else { throw .last("waitpid") }
        return ProcessEnd(waitStatus: status)
    }

    /// The same, but nil when it has not ended within `milliseconds`.
    package static func wait(for process: Int32, milliseconds: Int32) throws(SystemError) -> ProcessEnd? {
        let deadline = monotonicNanoseconds() + UInt64(max(0, milliseconds)) * 1_000_000
        var interval: UInt32 = 1
        while true {
            var status: Int32 = 0
            let found = retryingInterrupts { waitpid(process, &status, WNOHANG) }
            guard found >= 0 else { throw .last("waitpid") }
            if found == process { return ProcessEnd(waitStatus: status) }
            if monotonicNanoseconds() >= deadline { return nil }
            pause(milliseconds: interval)
            interval = min(interval * 2, 20)
        }
    }

    /// Waits for the child `process`, to which the signals that someone sends to this process go on meanwhile: SIGHUP,
    /// SIGINT, SIGQUIT, SIGTERM. Those of the terminal reach it anyway.
    ///
    /// - Parameter start: starts the child; signals that come before it returns are kept for the child. The child is
    ///   told of this thread's end, not the process's, if it asked to be; so start and wait are one call.
    package static func runForwardingSignals(
        _ start: () throws(SystemError) -> Int32
    ) throws(SystemError) -> ProcessEnd {
        guard moss_forward_signals_start() == 0 else { throw .last("sigaction") }
        defer { moss_forward_signals_stop() }
        let child = try start()
        moss_forward_signals_to(child)
        // The child's number stays its own until no signal can be on its way to it any more.
        var information = siginfo_t()
        _ = retryingInterrupts { waitid(P_PID, id_t(bitPattern: child), &information, WEXITED | WNOWAIT) }
        moss_forward_signals_to(0)
        return try wait(for: child)
    }

    /// A child that has ended, of those with a number; nil while all of them run, or when there are none.
    package static func nextEnded() -> (process: Int32, end: ProcessEnd)? {
        var status: Int32 = 0
        let process = waitpid(-1, &status, WNOHANG)
        return process > 0 ? (process, ProcessEnd(waitStatus: status)) : nil
    }

    /// Whether the child `process` has not been collected yet.
    package static func exists(_ process: Int32) -> Bool {
        kill(process, 0) == 0
    }

    /// Whether the child `process` has ended; collects it.
    package static func hasEnded(_ process: Int32) -> Bool {
        var status: Int32 = 0
        return waitpid(process, &status, WNOHANG) != 0
    }

    /// Sends `signal` to a process that takes signals as ``WaitingSignals``, with the wish that it pass it on to a
    /// whole process group, as a terminal would.
    package static func sendForGroup(_ signal: Int32, to process: Int32) {
        _ = moss_queue_signal(process, signal)
    }

    /// Sends `signal` to a process, or with a negative number to a process group; a missing one is no error.
    package static func send(_ signal: Int32, to process: Int32) {
        _ = kill(process, signal)
    }
}

extension CurrentProcess {
    package static var parent: Int32 { getppid() }

    /// The arguments after the program's name, byte by byte, empty ones too.
    package static var arguments: [BytePath] { Array(commandLine.dropFirst()) }

    /// Becomes the program at `path`; returns only when that fails.
    package static func execute(
        _ path: BytePath, arguments: [BytePath], environment: [BytePath]
    ) -> SystemError {
        let argumentVector = CStrings(arguments)
        let environmentVector = CStrings(environment)
        _ = path.withCString { execve($0, argumentVector.pointers, environmentVector.pointers) }
        return .last("execve", path)
    }

    /// The environment as `NAME=value`, in its order.
    package static var environment: [BytePath] {
        var values: [BytePath] = []
        var next = environ
        while let value = next.pointee {
            values.append(BytePath(cString: value))
            next += 1
        }
        return values
    }

    /// This process is killed when the thread that made it ends. Check afterwards that it had not ended before.
    package static func dieWithParent() throws(SystemError) {
        guard moss_set_parent_death_signal(SIGKILL) == 0 else { throw .last("prctl") }
    }

    /// Every descriptor above 2 is closed by the next program executed here.
    package static func closeDescriptorsOnExecution() throws(SystemError) {
        guard moss_close_descriptors_on_exec(3) == 0 else { throw .last("close_range") }
    }

    /// The next program executed here gets the descriptor too.
    package static func keepOpenOnExecution(_ descriptor: Int32) throws(SystemError) {
        guard fcntl(descriptor, F_SETFD, 0) == 0 else { throw .last("fcntl") }
    }

    /// Makes descriptor number `target` the open file of `source`, also for the next programs executed.
    package static func replaceStream(_ target: Int32, with source: Int32) throws(SystemError) {
        guard dup2(source, target) == target else { throw .last("dup2") }
    }

    /// Leads a new process group, which the terminal's signals do not reach.
    package static func leaveProcessGroup() {
        _ = setpgid(0, 0)
    }

    package static func changeDirectory(to path: BytePath) throws(SystemError) {
        guard path.withCString({ chdir($0) }) == 0 else { throw .last("chdir", path) }
    }

    /// Whether there is something at `path`, a link's target not counting.
    package static func exists(_ path: BytePath) -> Bool {
        var status = stat()
        return path.withCString { lstat($0, &status) } == 0
    }

    /// Whether this process may execute the program at `path`.
    package static func canExecute(_ path: BytePath) -> Bool {
        path.withCString { access($0, X_OK) } == 0
    }

    /// Leads a new session, without a terminal, and a new process group in it.
    package static func leaveSession() {
        _ = setsid()
    }

    /// A standard stream that is a directory, by which what is in and above it can be reached.
    package static var directoryStream: Int32? {
        (Int32(0)...2).first { stream in
            var status = stat()
            return fstat(stream, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        }
    }

    /// Writes `text` to standard error in one call; there is nowhere to tell that telling failed.
    package static func writeError(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// Ends at once, without running what was registered for the end of the process that was forked.
    package static func exitImmediately(_ status: Int32) -> Never {
        _exit(status)
    }
}
