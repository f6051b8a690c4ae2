internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import Trial
internal import ViewImage

/// The options of commands that run a program in a tree that is not the live one.
struct SandboxOptions: ParsableArguments {
    @Flag(help: "Give the command an empty /etc instead of the host's.")
    var emptyEtc = false

    @Option(
        name: .customLong("bind"),
        help: ArgumentHelp(
            "Show a file or directory of the host at the same path inside, or at another: host:inside.",
            valueName: "path"))
    var binds: [PathArgument] = []

    @Flag(help: "Give the command no network but its own loopback.")
    var noNetwork = false

    @Flag(
        help: """
            Leave a command of root its rights over the machine: mounts, devices, the kernel's settings. It can then do \
            harm outside. Sandboxes inside one of root take this.
            """)
    var privileged = false

    @Flag(help: "Pass on the environment.")
    var environment = false

    /// What runs `command`.
    func trial(_ command: [String], _ reading: ViewRequest.Reading) throws -> Trial {
        var trial = Trial(command.map { ArgumentText.path($0) })
        trial.hasEmptyConfiguration = emptyEtc
        trial.sharesNetwork = !noNetwork
        trial.passesEnvironment = environment
        trial.isPrivileged = privileged
        trial.reading = reading
        for bind in binds { try trial.show(bind.path) }
        return trial
    }
}
