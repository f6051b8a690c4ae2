/// Something of a Debian package that its stone does not have, or has otherwise.
package struct DroppedItem: Hashable, Sendable, Codable {
    package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// postinst, triggers, templates and other members of the control archive.
        case controlMember = "control-member"
        /// A path outside what is mapped below /usr.
        case path
        /// A character or block device, fifo or socket.
        case specialFile = "special-file"
        case extendedAttribute = "extended-attribute"
        /// A dependency that nothing in the set satisfies.
        case dependency
        /// A versioned conflict.
        case conflict
        /// A library or loader that nothing in the set provides.
        case library
        /// Provides of names that are no packages.
        case virtualName = "virtual-name"
        /// A path left to another package, or shipped twice.
        case fileConflict = "file-conflict"
        /// An ELF file that could not be read; its content is kept.
        case unreadableELF = "unreadable-elf"
        /// A link whose text was rewritten; it leads where it did.
        case rewrittenLink = "rewritten-link"
        /// Name, owner or mode that differ from the Debian package's.
        case changed
    }

    package var kind: Kind
    package var detail: String

    package init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }
}
