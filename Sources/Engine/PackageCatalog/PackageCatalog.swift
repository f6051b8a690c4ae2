package import Digests
package import LinuxSystem
package import ObjectStore
package import PackageModel
package import Storage

/// The packages a root knows: metadata, layouts, manifests, and what they ask of objects and directories.
///
/// On disk, below the root's `.moss`, `packages/<sha256>.stone`: every known stone without its content, from which the
/// records of its package can be made again.
package final class PackageCatalog: Sendable {
    package let objects: ObjectStore
    /// `packages`.
    package let directory: Descriptor
    let database: Database

    /// Opens the catalogue beside `objects`, in the same root and database.
    package init(_ objects: ObjectStore, _ database: Database) throws(StoreError) {
        self.objects = objects
        self.database = database
        directory = try StoreError.catching { () throws(SystemError) in
            try RootLayout.open(
                RootLayout.packages, in: objects.directory, making: !database.options.withoutLock,
                readOnly: database.options.readOnly)
        }
    }
}

package enum PackageBuckets {
    /// Metadata, see ``StoredPackage``.
    package static let packages = Bucket<PackageID, [UInt8]>(BucketName.packages)
    /// ``PackageLayout`` bytes: composing reads them from where they lie, so they have a format of their own.
    package static let layouts = Bucket<PackageID, [UInt8]>(BucketName.layouts)
    package static let manifests = Bucket<PackageID, ManifestRecord>(BucketName.manifests)
    /// Which packages provide, need or oppose a capability: XXH3-128 of role, kind and target, then the package.
    package static let capabilities = Bucket<KeyPair<Digest128, PackageID>, Empty>(BucketName.capabilities)
    /// Which packages name a directory: XXH3-128 of its path, then the package; the only variant is its
    /// mode and owner.
    package static let directoryClaims = Bucket<KeyPair<Digest128, PackageID>, ObjectRecord>(
        BucketName.directoryClaims)
}
