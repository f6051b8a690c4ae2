internal import BytePath
internal import FileTree
package import ObjectStore
package import PackageModel
internal import StoneFormat

/// Packages as the records of another database describe them.
extension PackageCatalog {
    /// A package as its records of another database describe it, for one without a readable manifest.
    package func packageRecord(
        _ id: PackageID, metadata stored: [UInt8], layout: [UInt8]
    ) throws(StoreError) -> PackageRecord {
        let name = PackageCatalog.manifestName(id)
        let layout = PackageLayout(stored: layout)
        do throws(StoneError) {
            let metadata = try stored.span.bytes.withUnsafeBytes { (bytes) throws(StoneError) in
                try StoredPackage.decode(bytes)
            }
            return PackageRecord(
                id: id, metadata: metadata, layout: layout, objects: try wantedObjects(layout),
                manifest: try PackageCatalog.encodeManifest(metadata, layout))
        } catch {
            throw .stone(name, error)
        }
    }

    private func wantedObjects(_ layout: PackageLayout) throws(StoneError) -> [ObjectID: ObjectRecord] {
        var wanted: [ObjectID: ObjectRecord] = [:]
        do throws(TreeError) {
            for (_, entry) in try layout.entries() {
                guard case .regular(let digest, let size) = entry.content, size > 0 else { continue }
                let variant = objects.effective(entry.metadata)
                var object = wanted[digest] ?? ObjectRecord(size: size, variants: [])
                if !object.variants.contains(variant) { object.variants.append(variant) }
                wanted[digest] = object
            }
        } catch {
            throw StoneError(.malformedRecord, "\(error)")
        }
        return wanted
    }
}
