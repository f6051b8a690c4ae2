package import BytePath

/// What to run and in which root: a value that travels to `moss-sandbox` as its arguments.
package struct SandboxRequest: Hashable, Sendable {
    /// Where the lower `/usr` comes from; never written to.
    package enum Lower: Hashable, Sendable {
        /// A directory of the host that becomes `/usr`.
        case directory(BytePath)
        /// A program that mounts `/usr` and serves it until the command ends.
        case provider(Provider)
    }

    /// A program that mounts a file system for the sandbox.
    ///
    /// It is started in the sandbox's mount namespace with the host's root, in a process group of its own, its standard
    /// input empty and its output on standard error. It mounts at the directory that it gets for `{mountpoint}`, then
    /// writes the byte `R` to the descriptor whose number it gets for `{ready}`. When it cannot, it writes `E` and the
    /// reason in UTF-8 instead, and ends. It must be one process: SIGTERM asks it to end, SIGKILL follows.
    package struct Provider: Hashable, Sendable {
        package var program: BytePath
        /// `{mountpoint}` and `{ready}` are replaced wherever they stand in an argument.
        package var arguments: [BytePath]
        /// Open descriptors of the caller that the program gets under the same numbers; nobody else gets them.
        package var inherited: [Int32]
        /// How long it may take until it answers.
        package var timeoutSeconds: Int32

        package static let mountpointWord: BytePath = "{mountpoint}"
        package static let readyWord: BytePath = "{ready}"

        package init(
            _ program: BytePath, _ arguments: [BytePath] = [], inherited: [Int32] = [], timeoutSeconds: Int32 = 60
        ) {
            self.program = program
            self.arguments = arguments
            self.inherited = inherited
            self.timeoutSeconds = timeoutSeconds
        }
    }

    /// What is in `/etc`.
    package enum Configuration: String, Hashable, Sendable, CaseIterable {
        /// The host's files; what the command writes over them is thrown away, or kept.
        case host
        /// Only what programs need to find users and hosts.
        case empty
    }

    /// A file or directory of the host that is shown inside.
    package struct Bind: Hashable, Sendable {
        package var source: BytePath
        package var target: BytePath
        package var isReadOnly: Bool

        package init(_ source: BytePath, to target: BytePath, isReadOnly: Bool = false) {
            self.source = source
            self.target = target
            self.isReadOnly = isReadOnly
        }

        /// Reads `outside:inside`, or one path for both.
        package init(argument: BytePath) throws(SandboxError) {
            let parts = argument.bytes.split(
                separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false
            ).map { BytePath(bytes: Array($0)) }
            guard let source = parts.first, let target = parts.last, !source.isEmpty, !target.isEmpty else {
                throw SandboxError(
                    argument, "names no place outside, or none inside",
                    advice: "name one path for both, or two with a colon between them")
            }
            self.init(source, to: target)
        }
    }

    package var lower: Lower
    /// The program, looked up in the sandbox's PATH unless it has a slash, and its arguments.
    package var command: [BytePath]
    /// `/usr` cannot be written to, instead of having its changes thrown away.
    package var isReadOnly = false
    /// An absolute directory of the host that receives what the command writes: below `usr` what it writes in `/usr`,
    /// below `etc` what it writes in `/etc`, each in the form that ``OverlayChanges`` reads. `.work` belongs to the
    /// kernel.
    package var keep: BytePath?
    package var configuration = Configuration.host
    package var binds: [Bind] = []
    package var workingDirectory: BytePath = "/"
    /// Passes on the caller's environment; without it the command gets PATH, HOME, TERM and LANG only.
    package var passesEnvironment = false
    /// `NAME=value`, over everything else.
    package var variables: [BytePath] = []
    /// Shares the host's network; without it there is a loopback device only.
    package var sharesNetwork = true
    /// Leaves root all rights over the machine; see ``Sandbox``.
    package var isPrivileged = false
    /// The process whose end ends the sandbox, which must be the one that starts it; ``Sandbox/run(_:program:)`` sets
    /// it.
    package var parent: Int32?

    package init(lower: Lower, command: [BytePath]) {
        self.lower = lower
        self.command = command
    }

    /// What the starting process has to pass on to `moss-sandbox`.
    package var inheritedDescriptors: [Int32] {
        if case .provider(let provider) = lower { provider.inherited } else { [] }
    }
}
