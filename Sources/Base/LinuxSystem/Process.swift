package import BytePath
internal import CLinux
import Glibc

/// This process, as far as the tools care.
package enum CurrentProcess {
    package static var identifier: Int32 { getpid() }
    package static var effectiveUser: UInt32 { geteuid() }
    package static var effectiveGroup: UInt32 { getegid() }
    package static var isRoot: Bool { geteuid() == 0 }

    /// Whether this process can give files to whomever it likes: it is root, and not in a namespace of one user only.
    package static var canApplyOwners: Bool {
        isRoot && moss_has_capability(moss_CAP_CHOWN) != 0 && !IdentifierMap.users().isSingle
            && !IdentifierMap.groups().isSingle
    }

    /// The user's number, and the name in the system's list of users where there is one.
    package static func describe(user: UInt32) -> String {
        guard let entry = getpwuid(user), let name = entry.pointee.pw_name else { return "\(user)" }
        return "\(user) (\(String(cString: name)))"
    }

    /// Raises the soft limit of open files to the hard one.
    package static func raiseOpenFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
    }

    /// How many files this process may have open.
    package static var openFileLimit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else { return 64 }
        return Int(clamping: limit.rlim_cur)
    }

    /// How large this process may make a file.
    package static var fileSizeLimit: UInt64 {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_FSIZE.rawValue)), &limit) == 0 else { return .max }
        return UInt64(limit.rlim_cur)
    }

    /// The program being run; where /proc is not mounted, as it was called.
    package static func executablePath() throws(SystemError) -> BytePath {
        do throws(SystemError) {
            return try Descriptor.openDirectory("/proc/self").readLink("exe")
        } catch {
            guard let path = moss_executed_path().map({ BytePath(cString: $0) }), path.isAbsolute else { throw error }
            return path
        }
    }

    /// Files are made with exactly the modes asked for.
    package static func clearFileModeMask() {
        umask(0)
    }

    package static func environmentVariable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// A variable that is a path, or several, which need not be text.
    package static func environmentPath(_ name: String) -> BytePath? {
        getenv(name).map { BytePath(cString: $0) }
    }

    /// "." where the directory was removed or has no path here: what is relative to it stays so, and is not found.
    package static var workingDirectory: BytePath {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return BytePath(cString: path)
    }

    /// Takes the numbers of standard streams that are closed, so that no file opened later gets what is written there
    /// or reads for them: they fail as closed ones do.
    package static func holdStandardStreams() {
        for stream in Int32(0)...2 where fcntl(stream, F_GETFD) < 0 {
            // The lowest free number is this one. Opened the wrong way round, every use is EBADF.
            if open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY) >= 0 { continue }
            // Without /dev, the reading end of a pipe: nothing can be written, and there is nothing to read.
            var ends: [Int32] = [-1, -1]
            if pipe(&ends) == 0 { close(ends[1]) }
        }
    }
}

/// Seconds since 1970 by the system's clock.
package func currentTimeSeconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec)
}

/// Sleeps.
package func pause(milliseconds: UInt32) {
    usleep(milliseconds * 1000)
}

/// Nanoseconds of a clock that only goes forward.
package func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

/// Starts `path` with `arguments` and does not wait: in a session of its own, in the root directory, its standard streams
/// on /dev/null, no signal blocked or ignored. Nothing that this process's caller waits for, or wants to get rid of, is
/// kept.
///
/// - Parameter inheriting: descriptors that the child gets under the same numbers; it gets no others.
/// - Returns: the child's process id; init becomes its parent when this process ends.
package func spawnDetached(
    _ path: BytePath, arguments: [BytePath], inheriting: [Int32] = []
) throws(SystemError) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
    }
    for stream in Int32(0)...2 {
        posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", stream == 0 ? O_RDONLY : O_WRONLY, 0)
    }
    // Those this process got from its caller are not close-on-exec yet.
    try CurrentProcess.closeDescriptorsOnExecution()
    // A descriptor put on its own number only loses close-on-exec.
    for raw in inheriting { posix_spawn_file_actions_adddup2(&actions, raw, raw) }
    guard moss_spawn_in_directory(&actions, "/") == 0 else { throw .last("posix_spawn", path) }
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
        &attributes, moss_POSIX_SPAWN_SETSID | Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var vector: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { $0.withCString { strdup($0) } }
    vector.append(nil)
    defer { for argument in vector { free(argument) } }
    var child: pid_t = 0
    let failure = path.withCString { posix_spawn(&child, $0, &actions, &attributes, vector, environ) }
    guard failure == 0 else { throw SystemError(ErrorNumber(rawValue: failure), call: "posix_spawn", path: path) }
    return child
}

extension CurrentProcess {
    /// The program's name and arguments, byte by byte, empty ones too.
    package static var commandLine: [BytePath] {
        (0..<moss_argument_count()).compactMap { index in moss_argument(index).map { BytePath(cString: $0) } }
    }

    /// What every program does first. A file that must not become larger is then an error of the call that wanted it to,
    /// not the end of the process.
    package static func prepare() {
        holdStandardStreams()
        Glibc.signal(SIGXFSZ, SIG_IGN)
    }
}
