package import BytePath
internal import LinuxSystem
package import Sandbox
package import ViewImage
package import ViewProcess

/// A command inside a tree: view, sandbox, overlay, and what it wrote.
package struct Trial: Sendable {
    package let command: [BytePath]
    /// Has nothing of the host's /etc.
    package var hasEmptyConfiguration = false
    private var binds: [SandboxRequest.Bind] = []
    package var sharesNetwork = true
    package var passesEnvironment = false
    package var isPrivileged = false
    package var reading = ViewRequest.Reading.automatic
    /// Keeps what the command wrote in /usr and /etc; else it is thrown away.
    package var keepsWrites = false

    package init(_ command: [BytePath]) {
        self.command = command
    }

    /// Shows a file or directory of the host inside: `path` where it is outside, or `outside:inside`.
    package mutating func show(_ path: BytePath) throws(SandboxError) {
        binds.append(try SandboxRequest.Bind(argument: path))
    }

    /// How it ended.
    package struct Outcome: Sendable {
        /// As the shell numbers it.
        package let status: Int32
        package let kept: KeptWrites?
    }

    /// Runs the command with `view`, of the root at `root`, as its `/usr`.
    package func run(in view: borrowing PreparedView, of root: BytePath) throws -> Outcome {
        var request = try request(in: view, of: root)
        if keepsWrites { request.keep = try KeptWrites.makeDirectory() }
        let status = try Sandbox.run(request)
        guard let directory = request.keep else { return Outcome(status: status, kept: nil) }
        return Outcome(status: status, kept: try KeptWrites(in: directory, over: view))
    }

    private typealias Provider = SandboxRequest.Provider

    private func request(in view: borrowing PreparedView, of root: BytePath) throws -> SandboxRequest {
        // Through the sandbox's overlay the kernel names mapped files that it reads by itself by wrong paths.
        let reading = reading == .automatic ? .cached : reading
        let serving = ViewProcess.request(for: view, root: root, at: Provider.mountpointWord, reading)
        let provider = Provider(
            try ViewProcess.findProgram(), serving.arguments + [ViewRequest.readyOption, Provider.readyWord],
            inherited: view.descriptors)
        var request = SandboxRequest(lower: .provider(provider), command: command)
        request.configuration = hasEmptyConfiguration ? .empty : .host
        request.sharesNetwork = sharesNetwork
        request.passesEnvironment = passesEnvironment
        request.isPrivileged = isPrivileged
        request.binds = binds
        return request
    }
}
