internal import BytePath
internal import Digests
internal import FileTree
internal import LinuxSystem
internal import PackageModel

/// A file under its temporary name; removed with this value unless it got its own.
struct TemporaryObject: ~Copyable {
    let file: Descriptor
    let place: ShardPlace
    /// In that place.
    let temporary: BytePath
    let digest: ObjectID
    let metadata: EntryMetadata
    var size: UInt64 = 0
    var isPlaced = false

    deinit {
        if !isPlaced { SystemCalls.unlink(place.directory, temporary) }
    }
}
