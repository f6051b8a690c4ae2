internal import BytePath
internal import LinuxSystem

/// Process 1 of the sandbox: enters its root, starts the command, and ends with it, which ends all others.
struct SandboxInit {
    let request: SandboxRequest
    let root: NewRoot
    let signals: WaitingSignals
    let rights: Rights
    let terminal: PseudoTerminal?

    /// What the command may do to the machine.
    enum Rights {
        /// What root of a user namespace may, which is nothing.
        case ofNamespace
        /// What is needed to work with files and processes.
        case restricted
        /// What was asked for by name.
        case privileged

        init(_ isolation: Isolation, _ request: SandboxRequest) {
            self = request.isPrivileged ? .privileged : isolation.sharesUsers ? .restricted : .ofNamespace
        }
    }

    /// - Parameters:
    ///   - lifeline: nothing is written to it; it closes when the supervisor ends.
    ///   - news: gets a byte just before the command starts, and closes when this process begins to end.
    func run(_ sources: borrowing HostSources, lifeline: consuming Pipe, news: consuming Pipe) -> Never {
        let news = news.intoWriting()
        let lifeline = lifeline.intoReading()
        do throws(SandboxError) {
            try explaining("cannot prepare init") { () throws(SystemError) in
                try CurrentProcess.dieWithParent()
                // The supervisor may have ended before that; its pipe tells, since its number is not seen from here.
                if try lifeline.waitUntilReadable(milliseconds: 0) { CurrentProcess.exitImmediately(1) }
            }
            try enter(sources)
            try confine(keeping: news.raw)
            // Before it starts, since a caller may answer its first output with a signal; one sent earlier waits here.
            try explaining("cannot tell the supervisor") { () throws(SystemError) in
                try news.write([UInt8(ascii: "S")])
            }
            let command = try explaining("cannot start the command") { () throws(SystemError) in
                try ChildProcess.fork()
            }
            if command == 0 { launch() }
            _ = news.keepOpen()
            wait(for: command)
        } catch {
            SandboxProgram.complain(error)
            CurrentProcess.exitImmediately(SandboxProgram.failureStatus)
        }
    }

    private func enter(_ sources: borrowing HostSources) throws(SandboxError) {
        // The provider and the supervisor keep the host's root, which is about to be exchanged here.
        try explaining("cannot make namespaces") { () throws(SystemError) in try Namespaces.leave(.mounts) }
        try root.makeUsr(sources, request)
        let advice = "containers that hide parts of /proc forbid it; run outside, or as root"
        try explaining("cannot mount /proc", advice: advice) { () throws(SystemError) in
            try Mounts.mount("proc", on: root.root.appending("proc"), [.noSetuid, .noDevices, .noExecution])
        }
        if rights == .restricted { try root.guardMachine() }
        try root.enter()
        for bind in sources.binds { try bind.attach() }
        let directory = request.workingDirectory
        try explaining("cannot start there", advice: "name a directory that exists inside") { () throws(SystemError) in
            try CurrentProcess.changeDirectory(to: directory)
        }
    }

    /// Gives up everything by which a command, which is root too, could get at the host through this process.
    private func confine(keeping news: Int32) throws(SandboxError) {
        try explaining("cannot give up rights") { () throws(SystemError) in
            // The caller's terminal and its signals stay with the supervisor.
            CurrentProcess.leaveSession()
            if let terminal { try terminal.adopt(BytePath("/dev/pts/\(terminal.number)")) }
            // Among them are the host's mounts, which a path in /proc would lead to.
            try Confinement.closeDescriptors(but: news)
            try Confinement.forbidInspection()
            switch rights {
            case .restricted: try Confinement.keep(.files)
            case .privileged where root.isMachineRoot: try Confinement.keep(.all.subtracting(.machine))
            case .privileged, .ofNamespace: break
            }
            if rights == .privileged { return }
            try Confinement.forbidNewPrivileges()
            if request.sharesNetwork { Confinement.leaveAbstractSockets() }
            // An ordinary user's namespaces give no rights over what is another's; sandboxes inside need them.
            try Confinement.filterCalls(refusingMounts: rights == .restricted)
        }
    }

    /// In the child: leads a session of its own, on the sandbox's terminal if there is one, and becomes the command.
    private func launch() -> Never {
        CurrentProcess.leaveSession()
        do throws(SystemError) {
            try terminal?.control()
        } catch {
            SandboxProgram.complain(SandboxError(error, doing: "cannot take the terminal"))
            CurrentProcess.exitImmediately(SandboxProgram.failureStatus)
        }
        CommandLauncher(request).launch()
    }

    /// Collects orphans and passes on signals until the command ends.
    private func wait(for command: Int32) -> Never {
        while true {
            while let (ended, end) = ChildProcess.nextEnded() {
                if ended == command { CurrentProcess.exitImmediately(end.status) }
            }
            guard let signal = signals.next(), signal.number != WaitingSignals.childEnded else { continue }
            // The command leads its group.
            ChildProcess.send(signal.number, to: signal.isForGroup ? -command : command)
        }
    }
}
