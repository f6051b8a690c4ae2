internal import BytePath
package import Failures
internal import LinuxSystem

/// Why something that a collection offers is not believed, or a key cannot be used: about which collection or file, why,
/// and what helps.
package struct TrustError: MarkedError, Hashable, Sendable {
    /// One word for programs. The first nine are the attacks on update systems that the literature names.
    package enum Code: String, CaseIterable, Hashable, Sendable {
        /// A package that nobody signed for.
        case arbitraryPackage
        /// What was offered is older than what was seen.
        case rollBack
        /// What was offered is not valid any more: newer things may be kept back.
        case freeze
        /// A serial or time so far ahead that nothing true could follow it.
        case fastForward
        /// More bytes than were promised or can be meant.
        case endlessData
        /// Parts that do not belong together.
        case mixAndMatch
        /// Signed by nobody who is trusted.
        case wrongKey
        /// A package that asks for others than its index says.
        case extraneousDependency
        /// Bytes that come so slowly that they never end.
        case slowRetrieval

        /// Signed by some who are trusted, and not by enough of them.
        case tooFewSignatures
        /// Two different things with one serial.
        case forked
        /// No document of this kind.
        case malformed
        /// What was verified once, and kept, is not that any more.
        case damagedRecord

        /// No key, set of keys or document of this name.
        case notFound
        /// The name is taken.
        case exists
        /// What was asked for makes no sense.
        case invalidRequest
        /// A file with a secret that others can read, or could have put there.
        case unsafeKeyFile
        /// A secret must not be where a collection is, which is there to be copied.
        case insideCollection
        case wrongPassphrase
        /// A system call failed.
        case system
    }

    package let code: Code
    /// The collection's name, or the file.
    package let subject: String
    /// What is wrong, as a phrase.
    package let cause: String
    /// What helps, as a phrase.
    package let remedy: String
    /// Of the system's error that it was made of.
    package let ownMarks: FailureMarks

    package init(_ code: Code, _ subject: String, _ cause: String, remedy: String) {
        self.code = code
        self.subject = subject
        self.cause = cause
        self.remedy = remedy
        ownMarks = code == .arbitraryPackage || code == .extraneousDependency ? .badStone : []
    }

    init(_ error: SystemError, _ path: BytePath) {
        code = .system
        subject = (error.path.isAbsolute ? error.path : path).display
        cause = error.cause
        remedy = error.remedy
        ownMarks = error.marks
    }

    package var description: String {
        // The system's causes say what helps where that is known.
        code == .system ? "\(subject): \(cause)" : "\(subject): \(cause); \(remedy)"
    }
}

/// Runs `body` with system errors as errors about `path`.
func reporting<R: ~Copyable>(
    _ path: BytePath, _ body: () throws(SystemError) -> R
) throws(TrustError) -> R {
    do throws(SystemError) {
        return try body()
    } catch {
        throw TrustError(error, path)
    }
}

/// What is wrong with a document, for callers who know whose it is.
struct Malformed: Error {
    var code = TrustError.Code.malformed
    let text: String

    init(_ text: String) {
        self.text = text
    }

    init(_ code: TrustError.Code, _ text: String) {
        self.code = code
        self.text = text
    }
}

extension TrustError {
    init(_ problem: Malformed, _ subject: String, _ document: String) {
        self.init(
            problem.code, subject, "\(document): \(problem.text)",
            remedy: "tell those who publish it; what was verified before stays in use")
    }
}
