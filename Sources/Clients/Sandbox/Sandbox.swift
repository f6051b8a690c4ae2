package import BytePath
internal import HelperProcess
internal import LinuxSystem

/// Runs a command in a root of its own, made of a `/usr` that is not the host's, without leaving anything behind.
///
/// The work is done by the program `moss-sandbox`, because a process with several threads can neither fork nor enter a
/// user namespace. Its process tree, made so that killing any one of them ends all below it:
///
///     caller ── moss-sandbox ──┬── provider           serves /usr; sees the host's files
///                              ├── relay              between the caller's terminal and the sandbox's own
///                              └── init (process 1) ── command and what it starts
///
/// The command has its own mounts, processes, IPC, machine name and session, and where the caller has a terminal, one
/// of its own. As an ordinary user it is root in a user namespace, and the caller outside. As root it is root of the
/// machine without the rights to change it: it keeps those over files, users and processes, sees `/sys` and what in
/// `/proc` is the machine's read-only or not at all, and cannot mount, make devices or be root of another namespace.
/// Nobody gets rights from a program's file. The kernel's keys and typing into terminals are refused. It shares the
/// network, unless told otherwise, but not the abstract sockets of others where the kernel can tell them apart.
///
/// A privileged request lifts all of that but the namespaces; modules, clock, raw ports and reboot stay out of reach.
package enum Sandbox {
    /// The program's name, as ``HelperProcess/find(_:)`` wants it.
    package static let programName: BytePath = "moss-sandbox"

    /// Runs the request's command with this process's standard streams, and waits for it.
    ///
    /// Call it from a thread that lives until it returns: the sandbox ends with the thread that started it. SIGHUP,
    /// SIGINT, SIGQUIT and SIGTERM sent to this process meanwhile go to the command; those of the terminal leave this
    /// process alone and reach the command through `moss-sandbox`.
    ///
    /// - Parameter program: where moss-sandbox is; looked for unless given.
    /// - Returns: the command's exit status, 128 plus the number of the signal that killed it, 127 or 126 when it
    ///   could not be found or executed, 125 when the sandbox could not be made; then a message is on standard error.
    package static func run(_ request: SandboxRequest, program: BytePath? = nil) throws(SandboxError) -> Int32 {
        var request = request
        request.parent = CurrentProcess.identifier
        try request.validate()
        do throws(HelperError) {
            let path: BytePath = if let program { program } else { try HelperProcess.find(programName) }
            var launch = HelperLaunch(path, request.arguments)
            launch.inherited = request.inheritedDescriptors
            return try HelperProcess.run(launch).status
        } catch {
            switch error.cause {
            case .missing:
                throw SandboxError(
                    programName, "the program is missing",
                    advice: "install it beside moss, in ../libexec/moss or in PATH")
            case .system(let error): throw SandboxError(error, doing: "cannot start the sandbox")
            case .refused, .ended, .late, .senseless: throw SandboxError(error.program, "\(error)")
            }
        }
    }
}
