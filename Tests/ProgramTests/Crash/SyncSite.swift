/// A place in the product that waits for the disk. Together these are all there are: a recorded sync that none of them
/// claims, or that two claim, fails a test.
struct SyncSite: Sendable {
    let name: String
    /// The file of the product that makes the call: module and name.
    let source: String
    /// The operation of ``CrashOperation`` whose power cuts show that it is needed.
    let operation: String
    /// What they find without it.
    let damage: String
    /// Whether a call, named as `CALL PATH`, of a command such as `state remove 1-2` is this site's.
    let claims: @Sendable (_ command: String, _ call: String) -> Bool

    private init(
        _ name: String, _ source: String, cutting operation: String, _ damage: String,
        _ claims: @escaping @Sendable (String, String) -> Bool
    ) {
        self.name = name
        self.source = source
        self.operation = operation
        self.damage = damage
        self.claims = claims
    }

    private static let switching = ["install", "remove", "sync", "state activate"]

    static let all: [SyncSite] = [
        SyncSite(
            "database commit: its pages", "LMDB/Environment+Writing.swift", cutting: "first install",
            "a database that points to pages it does not have"
        ) { _, call in
            call == "fdatasync .moss/db/data.mdb" || call == "fdatasync .moss/db.new/data.mdb"
        },
        SyncSite(
            "database commit: its meta page", "LMDB/Environment+Writing.swift", cutting: "init",
            "a change that was reported as done and is undone"
        ) { _, call in
            call == "O_DSYNC write .moss/db/data.mdb" || call == "O_DSYNC write .moss/db.new/data.mdb"
        },
        SyncSite(
            "new root: everything before its format", "States/RootDirectory.swift", cutting: "init",
            "a root without the directories it is made of"
        ) { command, call in
            command == "init" && call == "syncfs"
        },
        SyncSite(
            "replaced file: its bytes", "LinuxSystem/Descriptor+Bytes.swift", cutting: "init",
            "a file that has its new name and no bytes"
        ) { _, call in
            call.hasPrefix("fsync ") && call.hasSuffix(".next")
        },
        SyncSite(
            "replaced file: its name", "LinuxSystem/Descriptor+Bytes.swift", cutting: "init",
            "a root that was reported as made and is none"
        ) { command, call in
            command == "init" && call == "fsync .moss" || command.hasPrefix("state pin") && call == "fsync .moss/pins"
                || !command.hasPrefix("repo remove") && call == "fsync etc/moss/repo.d"
        },
        SyncSite(
            "configuration: its new directories", "CollectionSettings/ConfigurationFiles.swift", cutting: "init",
            "a collection that was reported as added and is gone"
        ) { _, call in
            call == "fsync etc" || call == "fsync etc/moss"
        },
        SyncSite(
            "configuration: a removed file", "CollectionSettings/ConfigurationFiles.swift", cutting: "collections",
            "a collection that was reported as removed and is back"
        ) { command, call in
            command.hasPrefix("repo remove") && call == "fsync etc/moss/repo.d"
        },
        SyncSite(
            "switch: everything before the records", "States/StateStore+Switch.swift", cutting: "install",
            "a live tree whose files are empty"
        ) { command, call in
            switching.contains { command.hasPrefix($0) } && call == "syncfs"
        },
        SyncSite(
            "switch: the exchange", "States/StateStore+Switch.swift", cutting: "install",
            "the old tree live under the new state's record"
        ) { _, call in call == "fsync ." },
        SyncSite(
            "recovery: the exchange", "States/StateStore+Recover.swift", cutting: "finish",
            "the old tree live after a recovery that made the new one final"
        ) { command, call in
            command == "repo update" && call == "syncfs"
        },
        SyncSite(
            "removing states: the mark", "States/RootDirectory+Marks.swift", cutting: "state remove",
            "files of removed states that nobody ever looks for"
        ) { command, call in
            ["state remove", "state prune"].contains { command.hasPrefix($0) } && call == "fsync .moss"
        },
        SyncSite(
            "pins: their directory", "States/StateStore+Pins.swift", cutting: "pins",
            "a pin that was reported as set and is gone"
        ) { command, call in
            command.hasPrefix("state pin") && call == "fsync .moss"
        },
        SyncSite(
            "pins: a removed one", "States/StateStore+Pins.swift", cutting: "pins",
            "a pin that was reported as taken off and is back"
        ) { command, call in
            command.hasPrefix("state unpin") && call == "fsync .moss/pins"
        },
        SyncSite(
            "spare: its tree", "States/StateStore+Slots.swift", cutting: "tidy",
            "a spare recorded as whole, to be made live next, whose files are missing"
        ) { command, call in
            command == "tidy" && call == "syncfs"
        },
        SyncSite(
            "object full of links: its replica", "ObjectStore/ObjectWriter.swift", cutting: "full links",
            "an object replaced by one without its bytes"
        ) { _, call in
            call.hasPrefix("fsync .moss/objects/")
        },
        SyncSite(
            "rebuilt database: everything before its name", "Maintenance/DatabaseRebuild.swift", cutting: "rebuild",
            "a damaged database in the place of one that was whole"
        ) { command, call in
            command == "store rebuild" && call == "syncfs"
        },
        SyncSite(
            "rebuilt database: its name", "Maintenance/DatabaseRebuild.swift", cutting: "rebuild",
            "the old database without what was committed to the new one"
        ) { command, call in
            command == "store rebuild" && call == "fsync .moss"
        },
        SyncSite(
            "repair: what was put aside, and what was put right", "Installation/RootCheck.swift",
            cutting: "repair swapped",
            "an object that was whole under another's name, and is lost"
        ) { command, call in
            command.hasPrefix("fsck") && call == "syncfs"
        },
    ]
}
