internal import BytePath
internal import LinuxSystem

/// What the program `moss-sandbox` does; its process must have one thread.
package enum SandboxProgram {
    /// The exit status for a sandbox that could not be made.
    package static let failureStatus: Int32 = 125

    /// Does what the arguments of this process ask for.
    ///
    /// - Returns: the exit status, as ``Sandbox/run(_:program:)`` describes it.
    package static func main() -> Int32 {
        CurrentProcess.prepare()
        CurrentProcess.clearFileModeMask()
        do throws(SandboxError) {
            let request = try SandboxRequest(arguments: CurrentProcess.arguments)
            let supervisor = try Supervisor(request)
            return try supervisor.run()
        } catch {
            complain(error)
            return failureStatus
        }
    }

    /// One line on standard error, written in one call.
    static func complain(_ error: SandboxError) {
        complain("\(error)")
    }

    static func complain(_ message: String) {
        CurrentProcess.writeError("\(programName): \(message)\n")
    }

    private static let programName = "moss-sandbox"
}
