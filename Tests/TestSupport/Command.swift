package import BytePath
import Glibc
internal import LinuxSystem

/// What tests share: scratch directories, processes, loop images, tree listings, seeded chance and ready-made stones.
///
/// A program to run with captured output.
package struct Command: Sendable {
    package var program: BytePath
    package var arguments: [BytePath]
    /// The whole environment of the child; nil passes on this process's.
    package var environment: [String: String]?
    /// Where the child starts; nil is this process's working directory.
    package var directory: BytePath?
    /// What the child reads from its standard input.
    package var input: [UInt8] = []
    /// The child's process group is killed after this time.
    package var timeoutSeconds: Double = 120

    /// - Parameter program: a path; a name without a slash is looked up in PATH.
    package init(_ program: BytePath, _ arguments: [BytePath] = []) {
        self.program = program
        self.arguments = arguments
    }

    /// Runs the program to its end.
    ///
    /// - Throws: ``TestSupportError`` when it cannot be started; any way it ends is a result, not an error.
    package func run() throws(TestSupportError) -> CommandResult {
        try start().wait()
    }

    /// Runs the program and demands that it exits with 0.
    @discardableResult
    package func runSuccessfully() throws(TestSupportError) -> CommandResult {
        let result = try run()
        guard result.end == .exited(0) else {
            throw TestSupportError("\(commandLine) ended with \(result.end): \(result.errorText)\(result.outputText)")
        }
        return result
    }

    /// Starts the program in a process group of its own and returns at once.
    package func start() throws(TestSupportError) -> RunningCommand {
        let streams = try Streams(input: input)
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, streams.input.raw, 0)
        posix_spawn_file_actions_adddup2(&actions, streams.output.raw, 1)
        posix_spawn_file_actions_adddup2(&actions, streams.errors.raw, 2)
        Self.resetSignals(&attributes)

        // posix_spawn itself cannot change the directory in a way the importer sees; env(1) does, then becomes PROGRAM.
        let command = (directory.map { ["env", "-C", $0] } ?? []) + [program] + arguments
        let argumentVector = CStringVector(command)
        for (name, value) in Sanitizer.environment { setenv(name, value, 1) }
        let environmentVector = environment.map { values in
            let values = values.merging(Sanitizer.environment) { own, _ in own }
            return CStringVector(values.sorted { $0.key < $1.key }.map { BytePath("\($0.key)=\($0.value)") })
        }
        var child: pid_t = 0
        let failure = command[0].withCString {
            posix_spawnp(
                &child, $0, &actions, &attributes, argumentVector.pointers, environmentVector?.pointers ?? environ)
        }
        guard failure == 0 else { throw TestSupportError("cannot start \(commandLine)", errorNumber: failure) }
        return RunningCommand(identifier: child, timeoutSeconds: timeoutSeconds, streams: streams)
    }

    /// A process group of its own, and no signal blocked or ignored as test runners may have them.
    private static func resetSignals(_ attributes: inout posix_spawnattr_t) {
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    }

    /// Program and arguments with spaces between, for messages.
    package var commandLine: String {
        ([program] + arguments).map(\.display).joined(separator: " ")
    }
}

/// NUL-terminated copies of strings in the shape `exec` wants, freed with their owner.
private final class CStringVector {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [BytePath]) {
        count = strings.count
        pointers = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() { pointers[index] = string.withCString { strdup($0) } }
        pointers[count] = nil
    }

    deinit {
        for index in 0..<count { free(pointers[index]) }
        pointers.deallocate()
    }
}
