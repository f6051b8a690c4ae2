/// What an ELF file is for (`e_type`).
package struct ELFType: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let relocatable = ELFType(rawValue: 1)
    package static let executable = ELFType(rawValue: 2)
    /// Shared libraries and position-independent executables.
    package static let sharedObject = ELFType(rawValue: 3)
    package static let core = ELFType(rawValue: 4)
}
