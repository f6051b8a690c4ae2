package import BytePath
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
