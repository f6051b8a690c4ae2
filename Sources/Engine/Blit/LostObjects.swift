internal import BytePath
internal import Digests
internal import FileTree
package import LinuxSystem
internal import ObjectStore
internal import PackageModel

/// What to write in the place of files whose objects are lost: the damaged ones that were put aside, or nothing.
///
/// Only for making the rest of a tree whole again when some of it cannot be.
package final class LostObjects: Sendable {
    private let place: Descriptor

    /// - Parameter place: where damaged objects lie under their names.
    package init(in place: consuming Descriptor) {
        self.place = place
    }

    func link(
        _ digest: ObjectID, _ variant: EntryMetadata, _ directory: Int32, _ name: UnsafePointer<CChar>
    ) -> SystemError? {
        let failure = ObjectStore.fileName(of: digest, variant).withCString {
            SystemCalls.link(place.raw, $0, directory, name)
        }
        guard let failure, failure != .noSuchFile else { return nil }
        return SystemError(failure, call: "link", path: ObjectStore.fileName(of: digest, variant))
    }
}
