package import BytePath
package import LinuxSystem

/// The programs that are processes of their own: where they are, what they are told and given, how each says that it is
/// ready, and how it ends.
///
/// A value stands for one that runs. Whoever lets go of the value ends the process, unless it was left to itself.
package struct HelperProcess: ~Copyable, Sendable {
    package let program: BytePath
    package let identifier: Int32
    /// What it said when it was ready, for whoever knows the program; see ``ReadySignal``.
    package let remark: String
    /// This end of its socket, for traffic both ways; nil where it has none. The process ends when this closes.
    package private(set) var socket: Descriptor?
    private var isOver = false

    private init(_ program: BytePath, _ identifier: Int32, _ remark: String, socket: consuming Descriptor?) {
        self.program = program
        self.identifier = identifier
        self.remark = remark
        self.socket = socket
    }

    deinit {
        if !isOver { _ = Self.stop(identifier) }
    }

    // MARK: Starting

    /// Starts a program, and waits until it is ready where the launch says how it tells.
    package static func start(_ launch: HelperLaunch) throws(HelperError) -> HelperProcess {
        guard let option = launch.socket else {
            let (process, remark) = try startUntilReady(launch)
            return HelperProcess(launch.program, process, remark, socket: nil)
        }
        let pair = try launch.explaining { () throws(SystemError) in try SocketPair() }
        let (process, remark) = try startUntilReady(launch.handingOver(pair.there.raw, as: option))
        return HelperProcess(launch.program, process, remark, socket: pair.intoHere())
    }

    /// Starts a program for traffic both ways: it gets one end of a pair of sockets as the number behind the option
    /// `socket`, and hands that to ``HelperConnection``; the other end is the process's ``socket``.
    package static func start(
        _ program: BytePath, arguments: [BytePath], socket: BytePath, ready: BytePath? = nil
    ) throws(HelperError) -> HelperProcess {
        var launch = HelperLaunch(program, arguments)
        launch.socket = socket
        launch.ready = ready
        launch.streams = .messages
        return try start(launch)
    }

    /// Runs a program to its end. Signals that somebody sends to this process meanwhile go to it; see
    /// ``ChildProcess/runForwardingSignals(_:)``.
    package static func run(_ launch: HelperLaunch) throws(HelperError) -> ProcessEnd {
        try launch.explaining { () throws(SystemError) in
            try ChildProcess.runForwardingSignals { () throws(SystemError) in try launch.spawn() }
        }
    }

    private static func startUntilReady(_ launch: HelperLaunch) throws(HelperError) -> (Int32, String) {
        guard let option = launch.ready else {
            return (try launch.explaining { () throws(SystemError) in try launch.spawn() }, "")
        }
        let pipe = try launch.explaining { () throws(SystemError) in try Pipe() }
        let told = launch.handingOver(pipe.writing.raw, as: option)
        let process = try launch.explaining { () throws(SystemError) in try told.spawn() }
        // Only the process has the other end from here on, so its end is that of the pipe.
        let answers = pipe.intoReading()
        let answer: HelperAnswer
        do throws(SystemError) {
            answer = try HelperAnswer.read(from: answers, within: launch.patienceSeconds)
        } catch {
            _ = stop(process)
            throw HelperError(launch.program, .system(error))
        }
        if case .ready(let remark) = answer { return (process, remark) }
        throw HelperError(launch.program, Self.cause(of: answer, process, launch))
    }

    /// Why `process` is not ready; nothing is left of it then.
    private static func cause(
        of answer: HelperAnswer, _ process: Int32, _ launch: HelperLaunch
    ) -> HelperError.Cause {
        switch answer {
        case .failed(let text):
            // It is about to end, and may have to clean up before.
            if case .running = ending(of: process, within: endMilliseconds) { _ = stop(process) }
            return .refused(text)
        case .none:
            if case .over(let end) = ending(of: process, within: endMilliseconds) { return .ended(end) }
            _ = stop(process)
            return .senseless
        case .late:
            _ = stop(process, patienceMilliseconds: 0)
            return .late(seconds: launch.patienceSeconds)
        case .senseless, .ready:
            _ = stop(process)
            return .senseless
        }
    }

    // MARK: Ending

    /// How long a process may take to end once it has been asked to, or has said why it cannot start.
    private static let endMilliseconds: Int32 = 2000

    /// Waits until it ends by itself.
    package consuming func wait() throws(HelperError) -> ProcessEnd {
        isOver = true
        let (program, identifier) = (program, identifier)
        do throws(SystemError) {
            return try ChildProcess.wait(for: identifier)
        } catch {
            throw HelperError(program, .system(error))
        }
    }

    /// Ends it: its socket closes, then it is asked by a signal, then it is killed; each is given that time.
    ///
    /// - Returns: how it ended; nil where nobody knows, or when even killed it goes on, as one does that waits for a
    ///   file system.
    @discardableResult
    package consuming func end(patienceMilliseconds: Int32 = 2000) -> ProcessEnd? {
        isOver = true
        if socket.take() != nil, case .over(let end) = Self.ending(of: identifier, within: patienceMilliseconds) {
            return end
        }
        return Self.stop(identifier, patienceMilliseconds: patienceMilliseconds)
    }

    /// Lets it go on for as long as it wants to.
    /// - Returns: its number.
    package consuming func leave() -> Int32 {
        isOver = true
        return identifier
    }

    private enum Ending {
        case running
        /// nil where somebody else was told how.
        case over(ProcessEnd?)
    }

    private static func ending(of process: Int32, within milliseconds: Int32) -> Ending {
        do throws(SystemError) {
            return try ChildProcess.wait(for: process, milliseconds: milliseconds).map { .over($0) } ?? .running
        } catch {
            return .over(nil)
        }
    }

    private static func stop(_ process: Int32, patienceMilliseconds: Int32 = endMilliseconds) -> ProcessEnd? {
        // As long as nobody has been told of its end, its number is no other's.
        for (signal, time) in [
            (WaitingSignals.terminate, patienceMilliseconds), (WaitingSignals.kill, endMilliseconds),
        ] {
            ChildProcess.send(signal, to: process)
            if case .over(let end) = ending(of: process, within: time) { return end }
        }
        return nil
    }
}
