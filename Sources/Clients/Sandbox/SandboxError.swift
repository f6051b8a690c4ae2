package import BytePath
package import LinuxSystem

/// Why a sandbox could not be made: what about, the cause, and what to do.
package struct SandboxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The path, program or argument it is about; empty where there is none.
    package let subject: BytePath
    package let cause: String
    package let advice: String

    package init(_ subject: BytePath, _ cause: String, advice: String = "") {
        self.subject = subject
        self.cause = cause
        self.advice = advice
    }

    package init(_ error: SystemError, doing what: String, advice: String = "") {
        subject = error.path
        cause = "\(what): \(error.number.message) (\(error.call))"
        self.advice = advice
    }

    package var description: String {
        (subject.isEmpty ? "" : "\(subject.display): ") + cause + (advice.isEmpty ? "" : "; \(advice)")
    }
}

/// Runs `body`, and says what it was for when a system call in it fails.
func explaining<Value: ~Copyable>(
    _ what: String, advice: String = "", _ body: () throws(SystemError) -> Value
) throws(SandboxError) -> Value {
    do throws(SystemError) {
        return try body()
    } catch {
        throw SandboxError(error, doing: what, advice: advice)
    }
}
