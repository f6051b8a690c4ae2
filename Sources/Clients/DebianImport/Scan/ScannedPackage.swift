import BytePath
import Digests
import PackageModel

/// Everything one pass over a .deb finds out; its content stays in the .deb.
struct ScannedPackage: Sendable {
    let file: BytePath
    let control: DebianControl
    /// Sorted by path, each path once.
    var entries: [LayoutEntry] = []
    /// Size of the content of each digest among `entries`.
    var sizes: [ObjectID: UInt64] = [:]
    var providers: Set<Capability> = []
    /// Libraries and loaders its ELF files ask for.
    var needed: Set<Capability> = []
    /// Libraries outside the loader's default directories: found by run paths, provided to nobody.
    var privateLibraries: Set<Capability> = []
    var licenses: Set<String> = []
    var dropped: [DroppedItem] = []

    init(file: BytePath, control: DebianControl) {
        self.file = file
        self.control = control
    }
}
