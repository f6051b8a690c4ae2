/// What a list of options, as mount(8) has them, asks of a view: each is followed, or refused by its name.
package struct MountOptions: Hashable, Sendable {
    /// No program of the view can be run.
    package private(set) var forbidsExecution = false
    /// Others than the user who mounts it get in too; root's views are open to all who their modes let in.
    package private(set) var allowsOthers = false

    /// An option that a view cannot follow, and why.
    package struct Refused: Error, Hashable, Sendable, CustomStringConvertible {
        package let option: String
        package let cause: String

        package var description: String { "option '\(option)': \(cause)" }
    }

    package init() {}

    /// - Parameter list: as after `-o`: words with commas between them.
    package init(_ list: String) throws(Refused) {
        for option in list.split(separator: ",") { try follow(String(option)) }
    }

    private mutating func follow(_ option: String) throws(Refused) {
        switch option {
        case "noexec": forbidsExecution = true
        case "exec": forbidsExecution = false
        // As mount(8) has it: what an ordinary user may mount runs no programs, unless exec follows.
        case "user", "users": forbidsExecution = true
        case "allow_other": allowsOthers = true
        case "rw": throw Refused(option: option, cause: "a view is read-only")
        case "suid", "dev": throw Refused(option: option, cause: "a view gives no privileges and has no devices")
        default:
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if name == "user", parts.count == 2 {
                forbidsExecution = true
                return
            }
            let isKnown =
                parts.count == 1
                ? Self.alwaysSo.contains(name) || Self.forMount.contains(name)
                : Self.forMountWithValue.contains(name)
            guard isKnown || name.hasPrefix("x-") || name.hasPrefix("X-") else {
                throw Refused(option: option, cause: "a view has no such option; moss help mount names those it has")
            }
        }
    }

    /// True of every view: nothing is written to it, not even times of access.
    private static let alwaysSo: Set<String> = [
        "ro", "nosuid", "nodev", "default_permissions", "sync", "async", "dirsync", "atime", "noatime", "diratime",
        "nodiratime", "relatime", "norelatime", "strictatime", "nostrictatime", "lazytime", "nolazytime", "nomand",
        "silent", "loud",
    ]

    /// Whether, when and by whom something is mounted: mount(8) and systemd see to these before anybody else.
    private static let forMount: Set<String> = [
        "defaults", "auto", "noauto", "nouser", "nousers", "owner", "noowner", "group", "nogroup", "nofail", "_netdev",
        "comment",
    ]
    private static let forMountWithValue: Set<String> = ["comment", "helper", "uhelper"]
}
