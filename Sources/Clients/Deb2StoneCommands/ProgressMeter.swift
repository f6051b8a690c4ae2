internal import DebianImport
import Glibc
internal import TerminalOutput

/// One line on standard error that says how far a conversion is; nothing where that is no terminal.
struct ProgressMeter: Sendable {
    private let isShown = isatty(STDERR_FILENO) == 1

    func show(_ progress: DebianImport.Progress) {
        let verb = progress.phase == .reading ? "reading" : "writing"
        replaceLine(with: "\(verb) \(progress.done)/\(progress.total) \(progress.name)")
    }

    func clear() {
        replaceLine(with: "")
    }

    /// Writes in one call; there is nowhere to tell that telling failed.
    private func replaceLine(with text: String) {
        guard isShown else { return }
        let stream = TerminalStream(descriptor: STDERR_FILENO, colours: .never)
        stream.write("\r\u{1b}[K" + text)
        stream.flush()
    }
}
