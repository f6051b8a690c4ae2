/// Why bytes are no ELF file, or none whose headers hold together.
package struct ELFError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// The first bytes are not those of an ELF file.
        case notELF
        /// A class, byte order or version that does not exist.
        case unsupported
        /// A header, segment or name lies outside the file.
        case outOfBounds
        /// Values that contradict each other or exceed every sensible size.
        case malformed
    }

    package let code: Code
    package let message: String

    package var description: String { message }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// What stops reading an ELF file: its bytes, or the source they come from.
package enum ELFReadError<SourceFailure: Error>: Error {
    case elf(ELFError)
    case source(SourceFailure)
}

extension ELFReadError: Sendable where SourceFailure: Sendable {}
