package import BytePath
package import Failures
package import LinuxSystem

/// What went wrong with a collection: which one, at which place, why, and what to do.
package struct RepositoryError: MarkedError, Hashable, Sendable {
    package enum Code: String, Hashable, Sendable {
        /// The name cannot be the id of a collection.
        case invalidIdentifier
        case malformedConfiguration
        case unknownCollection
        /// The id is taken.
        case collectionExists
        /// The definition belongs to the vendor and cannot be removed here.
        case vendorDefined
        /// No transport speaks this scheme.
        case unsupportedScheme
        /// A location that is none, or that leads out of the file system.
        case invalidLocation
        /// An index or stone that cannot be read, or says something impossible.
        case invalidIndex
        /// A stone that is not the one its index promises.
        case wrongStone
        /// Two stones of one name and release.
        case duplicatePackage
        /// The collection was never refreshed from its present location.
        case notRefreshed
        /// What came is not the file that the index promises.
        case arbitraryPackage
        /// A stone asks for what the index says nothing of.
        case extraneousDependency
        /// What is offered is older than what was seen before.
        case rollBack
        /// What is offered is not valid any more.
        case freeze
        /// What is offered is so far ahead that nothing true could follow it.
        case fastForward
        /// Parts that do not belong together.
        case mixAndMatch
        /// Signed by nobody, or by too few, of those who are trusted.
        case wrongKey
        /// What is offered has a format that is not known here.
        case unsupportedFormat
        /// Something that was signed makes no sense.
        case untrusted
        /// No server that is known could be reached, or none of them answered to the end.
        case unreachable
        /// No server has the file, or gives it away.
        case notFound
        /// Servers sent so slowly that the file would never have come.
        case slowRetrieval
        /// A server sent more than was promised.
        case endlessData
        /// A server answers what makes no sense, or leads to where no file may come from.
        case badServer
        /// A server could not prove who it is.
        case untrustedServer
        /// A store of objects does not know who asks, or does not let them.
        case accessDenied
        /// A store has no such bucket.
        case noSuchBucket
        /// The file would have to be fetched, which is forbidden.
        case offline
        /// A system call failed.
        case system
        /// The database failed.
        case database
    }

    package var code: Code
    /// The collection's id, the file or the location.
    package var subject: String
    /// What is wrong, and what helps, as a phrase without a full stop.
    package var message: String
    /// Of the error that it was made of.
    package private(set) var ownMarks: FailureMarks = []
    package private(set) var remedy = "run it again"

    package init(_ code: Code, _ subject: String, _ message: String) {
        self.code = code
        self.subject = subject
        self.message = message
        if [.wrongStone, .arbitraryPackage].contains(code) { ownMarks = .badStone }
    }

    /// Of an error with words and marks of its own.
    package init(_ code: Code, _ subject: String, wrapping error: some MarkedError) {
        self.init(code, subject, "\(error)")
        (ownMarks, remedy) = (error.marks, error.remedy)
    }

    package init(_ error: SystemError, below directory: BytePath = "") {
        let located = directory.isEmpty ? error : error.below(directory)
        self.init(.system, located.path.display, wrapping: located)
    }
}

extension RepositoryError {
    /// The same with something to know behind it.
    package func remarking(_ remark: String) -> RepositoryError {
        var error = self
        error.message += "; \(remark)"
        return error
    }
}

extension RepositoryError.Code {
    /// Whether it is about what a server sent, or did not: programs tell such failures apart by the code's name.
    package var isOfAServer: Bool {
        switch self {
        case .arbitraryPackage, .extraneousDependency, .rollBack, .freeze, .fastForward, .mixAndMatch, .wrongKey,
            .unsupportedFormat, .untrusted, .unreachable, .notFound, .slowRetrieval, .endlessData, .badServer,
            .untrustedServer, .accessDenied, .noSuchBucket, .offline:
            true
        default: false
        }
    }
}

extension RepositoryError {
    package var description: String {
        switch code {
        case .system, .database: message
        default: "\(subject): \(message)"
        }
    }
}

/// Runs `body` with system errors as repository errors; relative paths in them belong below `directory`.
package func reporting<R: ~Copyable>(
    below directory: BytePath = "", _ body: () throws(SystemError) -> R
) throws(RepositoryError) -> R {
    do throws(SystemError) {
        return try body()
    } catch {
        throw RepositoryError(error, below: directory)
    }
}
