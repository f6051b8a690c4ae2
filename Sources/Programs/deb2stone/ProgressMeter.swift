import DebianImport
import Glibc

/// One line on standard error that says how far a conversion is; nothing where that is no terminal.
struct ProgressMeter: Sendable {
    private let isShown = isatty(STDERR_FILENO) == 1

    func show(_ progress: DebianImport.Progress) {
        guard isShown else { return }
        let verb = progress.phase == .reading ? "reading" : "writing"
        writeToStandardError("\r\u{1b}[K\(verb) \(progress.done)/\(progress.total) \(progress.name)")
    }

    func clear() {
        if isShown { writeToStandardError("\r\u{1b}[K") }
    }
}
