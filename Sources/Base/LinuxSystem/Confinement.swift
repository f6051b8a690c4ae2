internal import CLinux

/// Taking rights away from this process and every program it executes, for good.
package enum Confinement {
    /// What a superuser is allowed beyond users' rights; the kernel's numbers.
    package struct Capabilities: OptionSet, Sendable {
        package let rawValue: UInt64

        package init(rawValue: UInt64) {
            self.rawValue = rawValue
        }

        private init(_ number: UInt64) {
            rawValue = 1 << number
        }

        package static let all = Capabilities(rawValue: .max)

        /// Working with files and processes of all users, as installing and testing programs does.
        package static let files: Capabilities = [
            Capabilities(0), Capabilities(1), Capabilities(3), Capabilities(4), Capabilities(5), Capabilities(6),
            Capabilities(7), Capabilities(8), Capabilities(10), Capabilities(18), Capabilities(31),
        ]

        /// Loading kernel modules, touching ports and memory, stopping the machine and setting its clock.
        package static let machine: Capabilities = [
            Capabilities(16), Capabilities(17), Capabilities(22), Capabilities(25),
        ]
    }

    package static func keep(_ capabilities: Capabilities) throws(SystemError) {
        guard moss_keep_capabilities(capabilities.rawValue) == 0 else { throw .last("capset") }
    }

    /// No program executed from here on gets rights by its file's owner or capabilities.
    package static func forbidNewPrivileges() throws(SystemError) {
        guard moss_forbid_new_privileges() == 0 else { throw .last("prctl") }
    }

    /// Refuses the calls that type into terminals, and those for the kernel's keys, which no namespace separates.
    ///
    /// - Parameter refusingMounts: also those that mount or enter namespaces, and new namespaces of users: root of one
    ///   may mount what is the machine's, such as its control groups, whose files the machine's root owns.
    package static func filterCalls(refusingMounts: Bool) throws(SystemError) {
        guard moss_filter_calls(refusingMounts ? 1 : 0) == 0 else { throw .last("seccomp") }
    }

    /// Puts abstract sockets of processes outside out of reach, where the kernel can.
    package static func leaveAbstractSockets() {
        moss_leave_abstract_sockets()
    }

    /// Until this process executes another program, nobody looks into it through /proc or by tracing it but who has
    /// rights over the namespace it came from.
    package static func forbidInspection() throws(SystemError) {
        guard moss_forbid_inspection() == 0 else { throw .last("prctl") }
    }

    /// Closes every descriptor above 2 but one, whoever in this process has them; for a process that never returns to
    /// them.
    package static func closeDescriptors(but kept: Int32) throws(SystemError) {
        let number = UInt32(bitPattern: max(kept, 3))
        if number > 3, moss_close_range(3, number - 1) != 0 { throw .last("close_range") }
        guard moss_close_range(number + 1, .max) == 0 else { throw .last("close_range") }
    }
}
