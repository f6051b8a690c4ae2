internal import BytePath
internal import LinuxSystem

/// Becomes the command, with the environment that the request wants.
struct CommandLauncher {
    static let notFoundStatus: Int32 = 127
    static let notExecutableStatus: Int32 = 126
    private static let standardPath: BytePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    let command: [BytePath]
    let environment: [BytePath]

    init(_ request: SandboxRequest) {
        command = request.command
        environment = Self.environment(request, caller: CurrentProcess.environment)
    }

    /// The command's environment; the last of several values of one name counts.
    static func environment(_ request: SandboxRequest, caller: [BytePath]) -> [BytePath] {
        var values: [BytePath] = []
        if request.passesEnvironment {
            values = caller
        } else {
            values = [BytePath(bytes: Array("PATH=".utf8) + standardPath.bytes), "HOME=/root", "LANG=C.UTF-8"]
            values += caller.filter { ["TERM", "LANG"].contains(name($0)) }
        }
        values += request.variables
        var seen: Set<BytePath> = []
        return values.reversed().filter { seen.insert(name($0)).inserted }.reversed()
    }

    private static func name(_ variable: BytePath) -> BytePath {
        BytePath(variable.bytes.prefix { $0 != UInt8(ascii: "=") })
    }

    /// Never returns: the process becomes the command, or ends with 127 or 126 and a message.
    func launch() -> Never {
        CurrentProcess.setFileModeMask(0o022)
        WaitingSignals.unblockAll()
        let program = command.first ?? ""
        var found: SystemError?
        for path in candidates(program) {
            let error = CurrentProcess.execute(path, arguments: command, environment: environment)
            if error.number == .noSuchFile || error.number == .notDirectory {
                // A program whose interpreter is missing gives the same number as a missing program.
                if !CurrentProcess.exists(path) { continue }
                fail(path, "its interpreter or loader is missing in the sandbox", Self.notExecutableStatus)
            }
            found = error
            if error.number != .accessDenied { break }
        }
        if let found { fail(found.path, "cannot be executed: \(found.number.message)", Self.notExecutableStatus) }
        let place = program.bytes.contains(UInt8(ascii: "/")) ? "in the sandbox" : "in the sandbox's PATH"
        fail(program, "no such program \(place)", Self.notFoundStatus)
    }

    private func candidates(_ program: BytePath) -> [BytePath] {
        if program.bytes.contains(UInt8(ascii: "/")) { return [program] }
        let path = environment.first { Self.name($0) == "PATH" }.map { Array($0.bytes.dropFirst(5)) } ?? []
        return path.split(separator: UInt8(ascii: ":")).map { BytePath(bytes: Array($0)).appending(program) }
    }

    private func fail(_ program: BytePath, _ cause: String, _ status: Int32) -> Never {
        SandboxProgram.complain(SandboxError(program, cause))
        CurrentProcess.exitImmediately(status)
    }
}
