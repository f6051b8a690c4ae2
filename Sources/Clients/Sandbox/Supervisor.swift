internal import BytePath
internal import LinuxSystem

/// The first process of a sandbox: makes it, waits for its init, and takes everything down.
struct Supervisor {
    private let request: SandboxRequest
    private let isolation: Isolation
    private let terminal: ControllingTerminal?

    /// After a request to end, this much later the command is killed, and later still the provider it may hang in.
    private static let patienceNanoseconds: UInt64 = 10_000_000_000
    private static let killNanoseconds: UInt64 = 1_000_000_000

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
    /// - Returns: its exit status, or 128 plus its signal.
    func run() throws(SandboxError) -> Int32 {
        let sources = try HostSources(request)
        let root = try NewRoot(isMachineRoot: isolation.isMachineRoot)
        guard case .provider(let description) = request.lower else {
            try build(root, sources)
            try buildOnLower(root, sources)
            return try supervise(root, sources, provider: nil)
        }
        let pipe = try explaining("cannot make a pipe") { () throws(SystemError) in try Pipe() }
        let provider = try LowerProvider(starting: description, mountpoint: root.lower, answeringTo: pipe)
        let answer = pipe.intoReading()
        do throws(SandboxError) {
            try build(root, sources)
            try provider.waitUntilReady(answer)
            // The provider keeps the host's root: what happens to mounts from here on is not seen by it.
            try explaining("cannot make namespaces") { () throws(SystemError) in try Namespaces.leave(.mounts) }
            try buildOnLower(root, sources)
            return try supervise(root, sources, provider: provider)
        } catch {
            provider.stop(WaitingSignals())
            throw error
        }
    }

    private func build(_ root: NewRoot, _ sources: borrowing HostSources) throws(SandboxError) {
        try root.makeDirectories()
        try root.makeDevices()
        try root.showSystem(sources)
        try root.attachKeep(sources)
        try root.makeConfiguration(sources, request)
    }

    private func buildOnLower(_ root: NewRoot, _ sources: borrowing HostSources) throws(SandboxError) {
        try root.makeUsr(sources, request)
    }

    private func supervise(
        _ root: NewRoot, _ sources: borrowing HostSources, provider: LowerProvider?
    ) throws(SandboxError) -> Int32 {
        let signals = WaitingSignals()
        let lifeline = try explaining("cannot make a pipe") { () throws(SystemError) in try Pipe() }
        let process = try explaining("cannot start the sandbox's init") { () throws(SystemError) in
            try Namespaces.leave(.processes)
            return try ChildProcess.fork()
        }
        if process == 0 {
            SandboxInit(request: request, root: root, signals: signals).run(sources, lifeline: lifeline)
        }
        let end = waitForInit(process, provider, signals)
        withExtendedLifetime(lifeline) {}
        terminal?.takeBack()
        if let provider, ChildProcess.exists(provider.process) {
            // Lets go of the provider's file system, which it can then unmount; detaching does not wait for it.
            try? Mounts.detach("/usr")
            provider.stop(signals)
        }
        return end.status
    }

    /// Passes signals on until init has ended, and with it every process of the sandbox.
    private func waitForInit(_ process: Int32, _ provider: LowerProvider?, _ signals: WaitingSignals) -> ProcessEnd {
        var deadline: (nanoseconds: UInt64, victim: Int32)?
        while true {
            while let (ended, end) = ChildProcess.nextEnded() {
                if ended == process { return end }
                if ended == provider?.process {
                    SandboxProgram.complain("the program that shows /usr has ended; what is read from there now fails")
                }
            }
            let now = monotonicNanoseconds()
            if let due = deadline, due.nanoseconds <= now {
                ChildProcess.send(WaitingSignals.kill, to: due.victim)
                // A process that waits for an answer of the provider cannot even be killed before that has ended.
                deadline = provider.map { (now + Self.killNanoseconds, -$0.process) }
                if due.victim != process { deadline = nil }
                continue
            }
            let pause = deadline.map { Int64(($0.nanoseconds - now) / 1_000_000) + 1 }
            guard let signal = signals.next(milliseconds: pause), signal.number != WaitingSignals.childEnded else {
                continue
            }
            // The terminal tells the command itself.
            if signal.isFromKernel && signal.number != WaitingSignals.hangup { continue }
            ChildProcess.send(signal.number, to: process)
            let isRequestToEnd = [WaitingSignals.hangup, WaitingSignals.terminate].contains(signal.number)
            if isRequestToEnd && deadline == nil { deadline = (now + Self.patienceNanoseconds, process) }
        }
    }
}
