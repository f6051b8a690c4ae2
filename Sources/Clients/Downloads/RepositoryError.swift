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
        if code == .wrongStone { ownMarks = .badStone }
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
