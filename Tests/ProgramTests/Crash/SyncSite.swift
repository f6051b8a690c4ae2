/// A place in the product that waits for the disk. Together these are all there are: a recorded sync that none of them
/// claims, or that two claim, fails a test.
struct SyncSite: Sendable {
    let name: String
    /// The file of the product that makes the call.
    let source: String
    /// Whether a call, named as `CALL PATH`, of a command such as `state remove 1-2` is this site's.
    let claims: @Sendable (_ command: String, _ call: String) -> Bool

    private init(_ name: String, _ source: String, _ claims: @escaping @Sendable (String, String) -> Bool) {
        self.name = name
        self.source = source
        self.claims = claims
    }

    private static let switching = ["install", "remove", "sync", "state activate"]

    static let all: [SyncSite] = [
        SyncSite("database commit: its pages", "LMDB/Environment+Writing.swift") { _, call in
            call == "fdatasync .moss/db/data.mdb"
        },
        SyncSite("database commit: its meta page", "LMDB/Environment+Writing.swift") { _, call in
            call == "O_DSYNC write .moss/db/data.mdb"
        },
        SyncSite("new root: everything before its format", "States/RootDirectory.swift") { command, call in
            command == "init" && call == "syncfs"
        },
        SyncSite("replaced file: its bytes", "LinuxSystem/Descriptor+Bytes.swift") { _, call in
            call.hasPrefix("fsync ") && call.hasSuffix(".next")
        },
        SyncSite("replaced file: its name", "LinuxSystem/Descriptor+Bytes.swift") { command, call in
            command == "init" && call == "fsync .moss" || command.hasPrefix("state pin") && call == "fsync .moss/pins"
                || !command.hasPrefix("repo remove") && call == "fsync etc/moss/repo.d"
        },
        SyncSite("configuration: its new directories", "Repositories/ConfigurationFiles.swift") { _, call in
            call == "fsync etc" || call == "fsync etc/moss"
        },
        SyncSite("configuration: a removed file", "Repositories/ConfigurationFiles.swift") { command, call in
            command.hasPrefix("repo remove") && call == "fsync etc/moss/repo.d"
        },
        SyncSite("switch: everything before the records", "States/StateStore+Switch.swift") { command, call in
            switching.contains { command.hasPrefix($0) } && call == "syncfs"
        },
        SyncSite("switch: the exchange", "States/StateStore+Switch.swift") { _, call in call == "fsync ." },
        SyncSite("recovery: the exchange", "States/StateStore+Recover.swift") { command, call in
            command == "repo update" && call == "syncfs"
        },
        SyncSite("removing states: the mark", "States/RootDirectory.swift") { command, call in
            command.hasPrefix("state remove") && call == "fsync .moss"
        },
        SyncSite("pins: their directory", "States/StateStore+Pins.swift") { command, call in
            command.hasPrefix("state pin") && call == "fsync .moss"
        },
        SyncSite("pins: a removed one", "States/StateStore+Pins.swift") { command, call in
            command.hasPrefix("state unpin") && call == "fsync .moss/pins"
        },
        SyncSite("spare: its tree", "States/StateStore+Slots.swift") { command, call in
            command == "tidy" && call == "syncfs"
        },
        SyncSite("object full of links: its replica", "ContentStore/ObjectWriter.swift") { _, call in
            call.hasPrefix("fsync .moss/objects/")
        },
    ]
}
