internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import Installation
internal import LinuxSystem
internal import Sandbox
internal import ViewImage
internal import Views

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

    /// What runs `command` with `view` as its `/usr`.
    func request(
        _ command: [String], in view: borrowing PreparedView, of root: BytePath, _ reading: ViewRequest.Reading
    ) throws -> SandboxRequest {
        // Through the sandbox's overlay the kernel names mapped files that it reads by itself by wrong paths.
        let reading = reading == .automatic ? .cached : reading
        let serving = Views.request(for: view, root: root, at: "{mountpoint}", reading)
        let provider = SandboxRequest.Provider(
            try Views.findProgram(), serving.arguments + ["--ready", "{ready}"], inherited: view.descriptors)
        var request = SandboxRequest(
            lower: .provider(provider), command: command.map { ArgumentText.path($0) })
        if emptyEtc { request.configuration = .empty }
        request.sharesNetwork = !noNetwork
        request.passesEnvironment = environment
        request.isPrivileged = privileged
        for bind in binds {
            let parts = bind.path.bytes.split(separator: UInt8(ascii: ":"), maxSplits: 1)
            guard let source = parts.first, let target = parts.last else { continue }
            request.binds.append(
                SandboxRequest.Bind(BytePath(bytes: Array(source)), to: BytePath(bytes: Array(target))))
        }
        return request
    }
}
