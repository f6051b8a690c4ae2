package import ELF

/// What one regular file says of its package.
package struct FileFacts: Hashable, Sendable {
    package var capabilities = FoundCapabilities()
    /// The headers of an ELF file.
    package var elf: ELFFile?
    /// Why a file that begins like an ELF file is none; such a file provides and needs nothing by its content.
    package var elfProblem: String?

    package init() {}
}
