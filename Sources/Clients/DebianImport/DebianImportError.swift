package import BytePath
import LinuxSystem

/// Why one .deb, or the whole conversion, could not be turned into stones: which file, what, and the cause.
package struct DebianImportError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// No ar archive with debian-binary, control and data members.
        case notADebianPackage
        /// Truncated or corrupt archives, or archives libarchive does not know.
        case damaged
        /// A name in the archive that would leave the root, or comes twice.
        case unsafePath
        /// A control file without the fields that every package has, or with values no package can have.
        case badControl
        /// The same package is in the set already.
        case duplicate
        /// Values that no stone can hold.
        case unrepresentable
        case system
    }

    package let code: Code
    /// The .deb, or the output file or directory for system errors.
    package let file: BytePath
    package let message: String

    package init(_ code: Code, _ file: BytePath, _ message: String) {
        self.code = code
        self.file = file
        self.message = message
    }

    init(_ error: SystemError, _ file: BytePath) {
        // The subject is said once.
        self.init(.system, file, error.path.isEmpty || error.path == file ? error.cause : "\(error)")
    }

    package var description: String { "\(file.display): \(message)" }
}
