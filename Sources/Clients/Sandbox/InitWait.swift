internal import BytePath
internal import LinuxSystem

/// The supervisor's wait for the sandbox's init, whose end is the end of every process of the sandbox.
struct InitWait {
    private let process: Int32
    private let provider: LowerProvider?
    private let signals: WaitingSignals
    /// Whether the command runs or is about to.
    private var hasStarted = false
    /// When to kill what, if init has not ended before.
    private var deadline: (nanoseconds: UInt64, victim: Int32)?

    /// How long a command may take to end after it was asked to.
    private static let patienceNanoseconds: UInt64 = 10_000_000_000
    /// How long killed processes may take: they can only hang in a file system, which is the provider's.
    private static let killNanoseconds: UInt64 = 1_000_000_000

    init(process: Int32, provider: LowerProvider?, signals: WaitingSignals) {
        self.process = process
        self.provider = provider
        self.signals = signals
    }

    /// Passes signals on until init has ended.
    ///
    /// - Parameter news: init writes a byte just before the command starts, and closes it when it begins to end.
    mutating func untilEnd(_ news: borrowing Descriptor) throws(SandboxError) -> ProcessEnd {
        try explaining("cannot wait for the sandbox's init") { () throws(SystemError) in
            try news.signalWhenReadable()
        }
        // What was written before that has sent no signal.
        take(news)
        while true {
            while let (ended, end) = ChildProcess.nextEnded() {
                if ended == process { return end }
                if ended == provider?.process {
                    SandboxProgram.complain("the program that shows /usr has ended; what is read from there now fails")
                }
            }
            enforceDeadline()
            let now = monotonicNanoseconds()
            let pause = deadline.map { Int64(($0.nanoseconds - min(now, $0.nanoseconds)) / 1_000_000) + 1 }
            guard let signal = signals.next(milliseconds: pause) else { continue }
            switch signal.number {
            case WaitingSignals.childEnded: continue
            case WaitingSignals.readable: take(news)
            default:
                // News may be older than the signal: the kernel hands out the lowest number first.
                if !hasStarted { take(news) }
                pass(signal)
            }
        }
    }

    private mutating func take(_ news: borrowing Descriptor) {
        guard (try? news.waitUntilReadable(milliseconds: 0)) == true else { return }
        let byte = withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { try? news.read(into: $0) }
        if byte == 1 {
            hasStarted = true
            take(news)
        } else {
            // Init is ending, and waits for processes that may hang in the provider's file system.
            setDeadline(Self.killNanoseconds, provider.map { -$0.process })
        }
    }

    private mutating func pass(_ signal: WaitingSignals.Received) {
        let isRequestToEnd = [WaitingSignals.hangup, WaitingSignals.terminate].contains(signal.number)
        guard hasStarted else {
            // There is no command yet that could decide what to do.
            ChildProcess.send(WaitingSignals.kill, to: process)
            setDeadline(Self.killNanoseconds, provider.map { -$0.process })
            return
        }
        // The command is in a session of its own, so the terminal, which tells whole groups, does not reach it.
        if signal.isFromKernel {
            ChildProcess.sendForGroup(signal.number, to: process)
        } else {
            ChildProcess.send(signal.number, to: process)
        }
        if isRequestToEnd { setDeadline(Self.patienceNanoseconds, process) }
    }

    private mutating func setDeadline(_ nanoseconds: UInt64, _ victim: Int32?) {
        guard let victim else { return }
        let due = monotonicNanoseconds() + nanoseconds
        if let earlier = deadline, earlier.nanoseconds <= due { return }
        deadline = (due, victim)
    }

    private mutating func enforceDeadline() {
        guard let due = deadline, due.nanoseconds <= monotonicNanoseconds() else { return }
        ChildProcess.send(WaitingSignals.kill, to: due.victim)
        deadline = nil
        if due.victim == process { setDeadline(Self.killNanoseconds, provider.map { -$0.process }) }
    }
}
