internal import BytePath
import Glibc
internal import LinuxSystem

/// A server program that never outlives the tests: the kernel kills it when their process ends, however that does.
///
/// The kernel ties it to the thread that started it, so that one stays until the program has ended.
final class ServerProcess: Sendable {
    private struct State: Sendable {
        /// Not yet delivered.
        var signal: Int32?
        var result: CommandResult?
        var failure: TestSupportError?
    }

    private let state = Guarded(State())

    /// - Parameter command: executes the server; what else it starts is not killed with it.
    init(_ command: Command) {
        var tied = Command("setpriv", ["--pdeathsig", "KILL", "--", command.program] + command.arguments)
        tied.environment = command.environment
        tied.directory = command.directory
        tied.timeoutSeconds = 24 * 60 * 60
        let started = startDetachedThread { [state, tied] in
            do throws(TestSupportError) {
                let running = try tied.start()
                while running.isRunning {
                    if let signal = state.withLock({ $0.signal.take() }) { running.signal(signal) }
                    usleep(2000)
                }
                let result = try running.wait()
                state.withLock { $0.result = result }
            } catch {
                state.withLock { $0.failure = error }
            }
        }
        if !started { state.withLock { $0.failure = TestSupportError("cannot make a thread") } }
    }

    deinit { end(SIGKILL) }

    var isRunning: Bool { state.withLock { $0.result == nil && $0.failure == nil } }

    /// Why it does not run, for messages.
    var failureText: String {
        state.withLock { state in
            if let failure = state.failure { return "\(failure)" }
            return state.result.map { "\($0.end): \($0.errorText)\($0.outputText)" } ?? "it runs"
        }
    }

    /// Asks it to end, waits, and kills it when it takes long.
    func end(_ signal: Int32) {
        send(signal)
        if !waitUntil(seconds: 10, { !isRunning }) {
            send(SIGKILL)
            _ = waitUntil(seconds: 10) { !isRunning }
        }
    }

    private func send(_ signal: Int32) {
        state.withLock { $0.signal = signal }
    }

    /// Ports nobody listens on, below those that the kernel gives to others meanwhile.
    static func freePorts(_ count: Int) -> [UInt16] {
        var found: Set<UInt16> = []
        while found.count < count {
            let port = UInt16.random(in: 10_000..<22_000)
            if (try? LoopbackSocket.connect(port: port)) == nil { found.insert(port) }
        }
        return Array(found)
    }
}

/// Programs that tools/test-servers fetches for tests, as nobody needs them installed.
enum FetchedProgram: String {
    case nginx = "usr/sbin/nginx"
    case weed = "bin/weed"

    var path: BytePath { packageRoot.appending(BytePath(".build/test-servers/\(self)/\(rawValue)")) }

    /// Why it does not start, or nil.
    var obstacle: String? {
        if path.withCString({ access($0, X_OK) }) == 0 { return nil }
        return "there is no \(path.display); tools/test-servers fetches it"
    }
}
