import BytePath
import CollectionIndex
import CollectionSettings
import Digests
import FileTree
import Installation
import LinuxSystem
import ObjectStore
import PackageModel
import States
import TestSupport

/// What a root is after a command that came to its end: what a power cut may leave instead of something in between.
struct CrashOutcome {
    /// 0 before the first state; nil for what is no root.
    var active: UInt64?
    var states: [State] = []
    /// What each state's tree says must lie below `usr`.
    var listings: [UInt64: TreeListing] = [:]
    /// By path below `.moss`: the contents and modes that states need.
    var objects: [UInt64: [BytePath: TreeListing.Entry]] = [:]
    var manifests: [UInt64: [BytePath: ObjectID]] = [:]
    var settings: [String] = []

    /// Reads the root as it is now.
    init(of path: BytePath) throws {
        let directory = try Descriptor.openDirectory(path)
        guard try directory.statusIfPresent(of: ".moss/format") != nil else { return }
        let installation = try Installation(opening: path, .reading)
        active = try installation.activeState()?.number ?? 0
        states = try installation.states()
        settings = try Self.settings(of: installation)
        for state in states {
            let listing = try TreeListing(recorded: state, in: installation)
            listings[state.number] = listing
            for entry in listing.entries where entry.kind == .regular && entry.size > 0 {
                guard let digest = entry.digest else { continue }
                let metadata = EntryMetadata(mode: entry.mode, uid: entry.uid, gid: entry.gid)
                let variant = installation.objects.effective(metadata)
                objects[state.number, default: [:]][Self.objectPath(digest, variant)] = entry
            }
            for selection in state.selections {
                let name = BytePath("packages/\(selection.package.hexadecimal).stone")
                let bytes = try directory.readFile(BytePath(".moss").appending(name))
                manifests[state.number, default: [:]][name] = ObjectID(hashing: bytes)
            }
        }
    }

    /// Where a variant lies below `.moss`, from the store's documentation.
    private static func objectPath(_ digest: ObjectID, _ variant: EntryMetadata) -> BytePath {
        let shard = variant.mode & 0o7000 != 0 ? "privileged" : String(digest.hexadecimal.prefix(2))
        var name = digest.hexadecimal
        if variant != EntryMetadata(mode: 0o444) { name += "." + String(variant.mode, radix: 8) }
        if variant.uid != 0 || variant.gid != 0 { name += ".\(variant.uid).\(variant.gid)" }
        return BytePath("objects/\(shard)/\(name)")
    }

    /// Pins; and collections by name, whether they are used, and how many packages the last refresh found.
    static func settings(of installation: Installation) throws -> [String] {
        let pins = try installation.stateStore.pins().values.map { "pin \($0.state) \($0.name ?? "")" }
        return try pins.sorted()
            + installation.collections.list().map { listed in
                let configuration = listed.configuration
                let count = listed.record?.packageCount ?? 0
                return "\(configuration.id.text)\(configuration.isActive ? "" : " (off)") of \(count)"
            }
    }

    /// The same but for the times at which states were made.
    func isSame(_ active: UInt64?, _ states: [State], _ settings: [String]) -> Bool {
        self.active == active && self.settings == settings
            && self.states.elementsEqual(states) { one, other in
                one.number == other.number && one.parent == other.parent && one.tree == other.tree
                    && one.summary == other.summary && one.selections == other.selections
            }
    }
}
