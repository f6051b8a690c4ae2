internal import Digests
package import PackageModel

/// One unique file of a package's content.
package struct ContentFile: Hashable, Sendable {
    package var digest: ObjectID
    package var size: UInt64

    package init(digest: ObjectID, size: UInt64) {
        self.digest = digest
        self.size = size
    }

    /// Content order: falling size, then rising digest, so that the same files give the same bytes.
    package static func precedes(_ left: ContentFile, _ right: ContentFile) -> Bool {
        left.size != right.size ? left.size > right.size : left.digest < right.digest
    }
}
