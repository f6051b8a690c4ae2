package import BytePath
package import LinuxSystem

/// Why a program could not be started, or was not ready: which one, the cause, and what to do.
package struct HelperError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Cause: Hashable, Sendable {
        /// It is nowhere.
        case missing
        /// Starting it, or waiting for it, failed.
        case system(SystemError)
        /// It said itself, in these words, why it cannot do what it is for.
        case refused(String)
        /// It ended before it was ready; nil where nobody knows how.
        case ended(ProcessEnd?)
        /// It was not ready in this time, and was killed.
        case late(seconds: Int32)
        /// It said something that is no answer, or would not say anything, and was ended.
        case senseless
    }

    /// Its path; of one that is nowhere, its name.
    package let program: BytePath
    package let cause: Cause

    package init(_ program: BytePath, _ cause: Cause) {
        self.program = program
        self.cause = cause
    }

    package var description: String { "\(program.display): \(text)" }

    private var text: String {
        switch cause {
        case .missing: "the program is missing; \(Self.installation)"
        case .system(let error): "cannot be started: \(error.number.message) (\(error.call))"
        case .refused(let text): text
        case .ended(let end): "ended before it was ready: \(Cause.display(end)); \(Self.hint)"
        case .late(let seconds): "is not ready after \(seconds) s; try again"
        case .senseless: "said nothing that makes sense when it should have been ready; \(Self.hint)"
        }
    }

    /// What to do where a program is missing.
    package static let installation = "install it beside this one, in ../libexec/moss from there, or in PATH"
    private static let hint = "all programs of an installation must be of one version"
}

extension HelperError.Cause {
    /// How it ended, for people.
    package static func display(_ end: ProcessEnd?) -> String { end?.display ?? "nobody knows how" }
}
