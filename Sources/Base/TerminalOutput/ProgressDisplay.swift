import Glibc
internal import LinuxSystem

/// A progress line on the terminal, redrawn in place; silent where standard error is none.
///
/// Nothing is shown for the first half second, so that quick work leaves no flicker. Any thread may report.
package final class ProgressDisplay: Sendable {
    private static let delayNanoseconds: UInt64 = 500_000_000
    private static let intervalNanoseconds: UInt64 = 100_000_000

    private struct State {
        var nextDraw: UInt64
        var isDrawn = false
    }

    private let isEnabled: Bool
    private let width: Int
    private let state: Guarded<State>

    package init() {
        let stream = TerminalStream(descriptor: STDERR_FILENO, colours: .never)
        isEnabled = stream.isTerminal
        width = (stream.width ?? 80) - 1
        state = Guarded(State(nextDraw: monotonicNanoseconds() + Self.delayNanoseconds))
    }

    /// Shows `line` unless the last one is too fresh; that one is only made when needed.
    package func report(_ line: @autoclosure () -> ProgressLine) {
        guard isEnabled else { return }
        state.withLock { state in
            let now = monotonicNanoseconds()
            guard now >= state.nextDraw else { return }
            state.nextDraw = now + Self.intervalNanoseconds
            state.isDrawn = true
            Self.draw("\r\u{1b}[K" + line().text(width: width))
        }
    }

    /// Takes the line away; later reports wait half a second again.
    package func finish() {
        guard isEnabled else { return }
        state.withLock { state in
            if state.isDrawn { Self.draw("\r\u{1b}[K") }
            state = State(nextDraw: monotonicNanoseconds() + Self.delayNanoseconds)
        }
    }

    private static func draw(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
