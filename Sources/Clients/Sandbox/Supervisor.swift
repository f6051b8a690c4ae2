internal import BytePath
internal import LinuxSystem

/// The first process of a sandbox: makes it, waits for its init, and takes everything down.
struct Supervisor {
    private let request: SandboxRequest
    private let isolation: Isolation

    /// Enters the namespaces.
    init(_ request: SandboxRequest) throws(SandboxError) {
        self.request = request
        if let stream = CurrentProcess.directoryStream {
            throw SandboxError(
                "", "standard stream \(stream) is a directory, by which the host's files could be reached",
                advice: "give a file")
        }
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
        let sources = try HostSources(request, isMachineRoot: isolation.isMachineRoot)
        let root = try NewRoot(isMachineRoot: isolation.isMachineRoot)
        guard case .provider(let description) = request.lower else {
            let terminal = try build(root, sources)
            return try supervise(root, sources, provider: nil, terminal)
        }
        let pipe = try explaining("cannot make a pipe") { () throws(SystemError) in try Pipe() }
        let provider = try LowerProvider(starting: description, mountpoint: root.lower, answeringTo: pipe)
        let answer = pipe.intoReading()
        do throws(SandboxError) {
            let terminal = try build(root, sources)
            try provider.waitUntilReady(answer)
            return try supervise(root, sources, provider: provider, terminal)
        } catch {
            provider.stop(WaitingSignals())
            throw error
        }
    }

    /// Everything that needs no answer of the provider.
    private func build(_ root: NewRoot, _ sources: borrowing HostSources) throws(SandboxError) -> PseudoTerminal? {
        try root.makeDirectories()
        try root.makeDevices()
        try root.showSystem(sources)
        try root.attachKeep(sources)
        try root.makeConfiguration(sources, request)
        return try root.makeTerminal()
    }

    private func supervise(
        _ root: NewRoot, _ sources: borrowing HostSources, provider: LowerProvider?, _ terminal: PseudoTerminal?
    ) throws(SandboxError) -> Int32 {
        let signals = WaitingSignals()
        let lifeline = try explaining("cannot make a pipe") { () throws(SystemError) in try Pipe() }
        let news = try explaining("cannot make a pipe") { () throws(SystemError) in try Pipe() }
        // Before the process namespace, whose first process is the next child.
        let relay: TerminalRelay? = if let terminal { try TerminalRelay(starting: terminal) } else { nil }
        defer { relay?.finish(signals) }
        let process = try explaining("cannot start the sandbox's init") { () throws(SystemError) in
            try Namespaces.leave(.processes)
            return try ChildProcess.fork()
        }
        if process == 0 {
            let rights = SandboxInit.Rights(isolation, request)
            SandboxInit(request: request, root: root, signals: signals, rights: rights, terminal: terminal)
                .run(sources, lifeline: lifeline, news: news)
        }
        terminal?.closeMaster()
        let newsFromInit = news.intoReading()
        var wait = InitWait(process: process, provider: provider, signals: signals)
        let end = try wait.untilEnd(newsFromInit)
        withExtendedLifetime(lifeline) {}
        if let provider, ChildProcess.exists(provider.process) {
            // Only takes the name away, and so waits for nobody.
            try? Mounts.detach(root.lower)
            provider.stop(signals)
        }
        return end.status
    }
}
