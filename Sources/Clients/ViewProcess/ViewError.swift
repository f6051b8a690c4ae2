package import BytePath
internal import HelperProcess
package import LinuxSystem

/// Why a view could not be started or ended: what about, the cause, and what to do.
package struct ViewError: Error, Hashable, Sendable, CustomStringConvertible {
    package let subject: BytePath
    package let cause: String
    package let advice: String

    package init(_ subject: BytePath, _ cause: String, _ advice: String = "") {
        self.subject = subject
        self.cause = cause
        self.advice = advice
    }

    package init(_ error: SystemError) {
        if error.isLackOfProc {
            self.init("", "this needs /proc, which is not mounted", "mount it first: mount -t proc proc /proc")
            return
        }
        self.init(error.path, "\(error.number.message) (\(error.call))")
    }

    /// - Parameter subject: what the process is for, where there is one.
    init(_ error: HelperError, _ subject: BytePath) {
        switch error.cause {
        case .missing:
            self.init(
                error.program, "the program is missing", "install it beside moss, in ../libexec/moss or in PATH")
        case .system(let error): self.init(error)
        case .refused(let text): self.init(subject, text)
        case .ended(let end):
            self.init(
                subject, "the process that serves the view ended before it answered: \(HelperError.Cause.display(end))",
                "try --foreground")
        case .late, .senseless:
            self.init(subject, "the process that serves the view does not answer", "try again")
        }
    }

    package var description: String {
        (subject.isEmpty ? "" : "\(subject.display): ") + cause + (advice.isEmpty ? "" : "; \(advice)")
    }
}

extension ViewError {
    static func catching<R: ~Copyable>(_ body: () throws(SystemError) -> R) throws(ViewError) -> R {
        do throws(SystemError) {
            return try body()
        } catch {
            throw ViewError(error)
        }
    }
}
