internal import Digests
package import FileTree
package import ObjectStore
package import PackageModel
internal import StoneFormat

/// A package whose bytes are in the store but which is not recorded yet: what ``PackageCatalog/record(_:in:)`` takes.
package struct PackageRecord: Sendable {
    package let id: PackageID
    package let metadata: PackageMetadata
    package let layout: PackageLayout
    /// Every content the layout names, with the variants it is wanted in. Empty files have none.
    package let objects: [ObjectID: ObjectRecord]
    /// The stone without its content.
    package let manifest: [UInt8]

    package init(
        id: PackageID, metadata: PackageMetadata, layout: PackageLayout, objects: [ObjectID: ObjectRecord],
        manifest: [UInt8]
    ) {
        self.id = id
        self.metadata = metadata
        self.layout = layout
        self.objects = objects
        self.manifest = manifest
    }
}

extension PackageRecord {
    /// About what the record takes in memory, without its manifest.
    package var heldByteCount: UInt64 {
        let metadata = metadata.recordTotals
        return [UInt64(layout.bytes.count), 160 * UInt64(objects.count), metadata.size, 24 * metadata.records]
            .saturatedSum { $0 }
    }

    /// The variants each content is wanted in, as this store makes them.
    package static func wantedObjects(
        _ layout: [LayoutEntry], _ sizes: [ObjectID: UInt64], effective: (EntryMetadata) -> EntryMetadata
    ) -> [ObjectID: ObjectRecord] {
        var objects: [ObjectID: ObjectRecord] = [:]
        let closed = ClosedDirectories(layout)
        for entry in layout {
            guard case .regular(let digest) = entry.kind, let size = sizes[digest], size > 0 else { continue }
            let variant = effective(closed.metadata(ofFile: entry))
            var object = objects[digest] ?? ObjectRecord(size: size, variants: [])
            if !object.variants.contains(variant) { object.variants.append(variant) }
            objects[digest] = object
        }
        return objects
    }
}
