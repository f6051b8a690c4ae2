import BytePath
import Digests
import PackageAnalysis
import PackageModel

/// Everything one pass over a .deb finds out; its content stays in the .deb.
struct ScannedPackage: Sendable {
    let file: BytePath
    let control: DebianControl
    /// Sorted by path, each path once.
    var entries: [LayoutEntry] = []
    /// Size of the content of each digest among `entries`.
    var sizes: [ObjectID: UInt64] = [:]
    /// What its files provide and need.
    var capabilities = FoundCapabilities()
    var licenses: Set<String> = []
    var dropped: [DroppedItem] = []

    init(file: BytePath, control: DebianControl) {
        self.file = file
        self.control = control
    }
}
