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

    /// What a program does besides before it works on a root, or on anything whose modes are named and not the user's:
    /// files get the modes they are made with by themselves, and as many may be open as the user allows.
    package static func prepareForRoots() {
        raiseOpenFileLimit()
        clearFileModeMask()
    }
}
