package import BytePath
internal import CLinux
import Glibc

/// Starting another program.
extension ChildProcess {
    /// What a program that is started has for its standard streams.
    package enum Streams: Sendable {
        /// This process's own.
        case shared
        /// No input, and what it writes goes where this process's messages go.
        case messages
        /// /dev/null.
        case none
    }

    /// Starts `path` with this process's environment, no signal blocked, and those deadly that this process ignores
    /// itself.
    ///
    /// - Parameters:
    ///   - inheriting: descriptors above 2 that the child gets under the same numbers; it gets no others.
    ///   - directory: where it works; this process's directory unless named.
    ///   - isDetached: in a session of its own, with no signal ignored.
    /// - Returns: the child's process id, for ``wait(for:)``; init becomes its parent when this process ends.
    package static func spawn(
        _ path: BytePath, arguments: [BytePath], inheriting: [Int32] = [], streams: Streams = .shared,
        directory: BytePath? = nil, isDetached: Bool = false
    ) throws(SystemError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        // Those this process got from its caller are not close-on-exec yet.
        try CurrentProcess.closeDescriptorsOnExecution()
        connect(streams, &actions)
        // A descriptor put on its own number only loses close-on-exec.
        for raw in inheriting { posix_spawn_file_actions_adddup2(&actions, raw, raw) }
        if let directory {
            guard directory.withCString({ moss_spawn_in_directory(&actions, $0) }) == 0 else {
                throw .last("posix_spawn", path)
            }
        }
        resetSignals(&attributes, leavingSession: isDetached)
        let vector = CStrings([path] + arguments)
        var child: pid_t = 0
        let failure = path.withCString { posix_spawn(&child, $0, &actions, &attributes, vector.pointers, environ) }
        guard failure == 0 else { throw SystemError(ErrorNumber(rawValue: failure), call: "posix_spawn", path: path) }
        return child
    }

    private static func connect(_ streams: Streams, _ actions: inout posix_spawn_file_actions_t) {
        if streams == .shared { return }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        if streams == .messages {
            posix_spawn_file_actions_adddup2(&actions, 2, 1)
            return
        }
        for stream in Int32(1)...2 { posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0) }
    }

    private static func resetSignals(_ attributes: inout posix_spawnattr_t, leavingSession: Bool) {
        var none = sigset_t()
        var deadly = sigset_t()
        sigemptyset(&none)
        if leavingSession {
            sigfillset(&deadly)
        } else {
            sigemptyset(&deadly)
            sigaddset(&deadly, SIGPIPE)
            sigaddset(&deadly, SIGXFSZ)
        }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &deadly)
        let session = leavingSession ? moss_POSIX_SPAWN_SETSID : 0
        posix_spawnattr_setflags(&attributes, session | Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    }
}
