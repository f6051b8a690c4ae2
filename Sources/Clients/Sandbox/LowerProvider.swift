internal import BytePath
internal import HelperProcess
internal import LinuxSystem

/// The program that serves the lower `/usr`, from its start to its end.
struct LowerProvider {
    private let provider: SandboxRequest.Provider
    /// The leader of its process group.
    let process: Int32
    private static let stopMilliseconds: Int64 = 3000

    /// Starts the program, which mounts at `mountpoint` and answers through the pipe.
    init(
        starting provider: SandboxRequest.Provider, mountpoint: BytePath, answeringTo pipe: borrowing Pipe
    ) throws(SandboxError) {
        let own = CurrentProcess.identifier
        let process = try explaining("cannot start a process") { () throws(SystemError) in try ChildProcess.fork() }
        if process == 0 { Self.become(provider, mountpoint, ready: pipe.writing.raw, parent: own) }
        self.provider = provider
        self.process = process
    }

    /// In the child: becomes the program.
    private static func become(
        _ provider: SandboxRequest.Provider, _ mountpoint: BytePath, ready: Int32, parent: Int32
    ) -> Never {
        do throws(SystemError) {
            CurrentProcess.leaveProcessGroup()
            try CurrentProcess.dieWithParent()
            guard CurrentProcess.parent == parent else { CurrentProcess.exitImmediately(1) }
            let null = try Descriptor.open("/dev/null")
            try CurrentProcess.replaceStream(0, with: null.raw)
            try CurrentProcess.replaceStream(1, with: 2)
            for descriptor in provider.inherited + [ready] { try CurrentProcess.keepOpenOnExecution(descriptor) }
            let replacements = [
                (SandboxRequest.Provider.mountpointWord, mountpoint),
                (SandboxRequest.Provider.readyWord, BytePath("\(ready)")),
            ]
            let arguments = provider.arguments.map { argument in
                replacements.reduce(argument) { BytePath(bytes: $0.bytes.replacing($1.0.bytes, with: $1.1.bytes)) }
            }
            throw CurrentProcess.execute(
                provider.program, arguments: [provider.program] + arguments, environment: CurrentProcess.environment)
        } catch {
            let answer = Descriptor(taking: ready)
            try? answer.write(Array("Ecannot be started: \(error.number.message)".utf8))
            CurrentProcess.exitImmediately(127)
        }
    }

    /// Waits until the program has mounted.
    func waitUntilReady(_ pipe: borrowing Descriptor) throws(SandboxError) {
        let answer = try explaining("cannot wait for \(provider.program.display)") { () throws(SystemError) in
            try HelperAnswer.read(from: pipe, within: provider.timeoutSeconds)
        }
        switch answer {
        case .ready: return
        case .failed(let text): throw SandboxError(provider.program, text)
        case .none:
            guard let end = endAfterSilence() else {
                throw SandboxError(provider.program, "closed its pipe before it had mounted /usr, and goes on")
            }
            throw SandboxError(provider.program, "ended before it had mounted /usr: \(end.display)")
        case .senseless: throw SandboxError(provider.program, "answered with something other than R or E")
        case .late:
            throw SandboxError(
                provider.program, "has not mounted /usr after \(provider.timeoutSeconds) s",
                advice: "its messages are above, if it had any")
        }
    }

    private func endAfterSilence() -> ProcessEnd? {
        try? ChildProcess.wait(for: process, milliseconds: Int32(Self.stopMilliseconds))
    }

    /// Asks the program to end, and after a while makes it; never waits for ever, whatever it hangs in.
    func stop(_ signals: WaitingSignals) {
        for signal in [WaitingSignals.terminate, WaitingSignals.kill] {
            ChildProcess.send(signal, to: -process)
            let deadline = monotonicNanoseconds() + UInt64(Self.stopMilliseconds) * 1_000_000
            while true {
                while let (ended, _) = ChildProcess.nextEnded() {
                    if ended == process { return }
                }
                let now = monotonicNanoseconds()
                guard now < deadline, ChildProcess.exists(process) else { break }
                _ = signals.next(milliseconds: Int64((deadline - now) / 1_000_000) + 1)
            }
        }
    }
}
