package import BytePath
internal import Digests
internal import ObjectStore
internal import PackageModel

extension Damage.Subject {
    /// Where it is, below the root; nil for what is no file.
    package var place: BytePath? {
        switch self {
        case .database: ".moss/db"
        case .object(let digest, let variant): BytePath(".moss").appending(ObjectStore.path(of: digest, variant))
        case .file(let path): BytePath(".moss").appending(path)
        case .manifest(let id): BytePath(".moss/packages/\(id.hexadecimal).stone")
        case .stateFile(let number): BytePath(".moss/states/\(number)")
        case .entry(let place, let path): place.appending(path)
        case .record, .collection: nil
        }
    }
}
