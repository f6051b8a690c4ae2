internal import BytePath
internal import LinuxSystem

/// The first process of a sandbox: makes it, waits for its init, and takes everything down.
struct Supervisor {
    private let request: SandboxRequest
    private let isolation: Isolation
    private let terminal: ControllingTerminal?

    /// Enters the namespaces.
    init(_ request: SandboxRequest) throws(SandboxError) {
        self.request = request
        terminal = ControllingTerminal()
        CurrentProcess.clearFileModeMask()
        isolation = try Isolation(request)
        // A change of credentials, as with a user namespace, would forget this again.
        try explaining("cannot prepare this process") { () throws(SystemError) in
            if request.parent != nil { try CurrentProcess.dieWithParent() }
            try CurrentProcess.closeDescriptorsOnExecution()
        }
        if let parent = request.parent, parent != CurrentProcess.parent {
            throw SandboxError("", "the process that asked for this sandbox has ended")
        }
    }

    /// Runs the command.
    ///
    /// This process never looks at the provider's files, so that no provider can make it hang.
    ///
    /// - Returns: the command's exit status, or 128 plus its signal.
    func run() throws(SandboxError) -> Int32 {
        let sources = try HostSources(request)
        let root = try NewRoot(isMachineRoot: isolation.isMachineRoot)
        guard case .provider(let description) = request.lower else {
            try build(root, sources)
            return try supervise(root, sources, provider: nil)
        }
        let pipe = try explaining("cannot make a pipe") { () throws(SystemError) in try Pipe() }
        let provider = try LowerProvider(starting: description, mountpoint: root.lower, answeringTo: pipe)
        let answer = pipe.intoReading()
        do throws(SandboxError) {
            try build(root, sources)
            try provider.waitUntilReady(answer)
            return try supervise(root, sources, provider: provider)
        } catch {
            provider.stop(WaitingSignals())
            throw error
        }
    }

    /// Everything that needs no answer of the provider.
    private func build(_ root: NewRoot, _ sources: borrowing HostSources) throws(SandboxError) {
        try root.makeDirectories()
        try root.makeDevices()
        try root.showSystem(sources)
        try root.attachKeep(sources)
        try root.makeConfiguration(sources, request)
    }

    private func supervise(
        _ root: NewRoot, _ sources: borrowing HostSources, provider: LowerProvider?
    ) throws(SandboxError) -> Int32 {
        let signals = WaitingSignals()
        let lifeline = try explaining("cannot make a pipe") { () throws(SystemError) in try Pipe() }
        let news = try explaining("cannot make a pipe") { () throws(SystemError) in try Pipe() }
        let process = try explaining("cannot start the sandbox's init") { () throws(SystemError) in
            try Namespaces.leave(.processes)
            return try ChildProcess.fork()
        }
        if process == 0 {
            SandboxInit(request: request, root: root, signals: signals).run(sources, lifeline: lifeline, news: news)
        }
        let newsFromInit = news.intoReading()
        var wait = InitWait(process: process, provider: provider, signals: signals)
        let end = try wait.untilEnd(newsFromInit)
        withExtendedLifetime(lifeline) {}
        terminal?.takeBack()
        if let provider, ChildProcess.exists(provider.process) {
            // Only takes the name away, and so waits for nobody.
            try? Mounts.detach(root.lower)
            provider.stop(signals)
        }
        return end.status
    }
}
