internal import BytePath
internal import Digests
internal import Failures
internal import FileTree
internal import PackageCatalog
internal import PackageModel
internal import States
internal import Storage

/// What can still be read of a database that is to be replaced: every record here passed its checksum.
struct DatabaseSalvage {
    struct Foreign {
        let bucket: [UInt8]
        let key: [UInt8]
        let value: [UInt8]
    }

    /// Why nothing could be read at all.
    private(set) var failure: String?
    /// What is wrong with the file.
    private(set) var problems: [DatabaseFile.Problem] = []
    /// Records of buckets that no file beside the database tells of.
    private(set) var foreign: [Foreign] = []
    private(set) var packages: [PackageID: [UInt8]] = [:]
    private(set) var layouts: [PackageID: [UInt8]] = [:]
    private(set) var manifests: [PackageID: ManifestRecord] = [:]
    private(set) var states: [UInt64: State] = [:]
    private(set) var trees: [TreeID: [UInt8]] = [:]
    private(set) var control: Control?

    /// - Parameter isFormer: whether a database that does not tell its format may be of the one before.
    /// - Throws: where the old database cannot be looked at, which does not mean that nothing is in it.
    init(_ directory: BytePath, isFormer: Bool) throws(DatabaseError) {
        var salvage = Self()
        var records: [Foreign] = []
        do throws(DatabaseError) {
            salvage.problems = try DatabaseFile.read(directory) { record in
                records.append(
                    Foreign(bucket: record.bucket, key: Array(record.key), value: Array(record.value)))
            }
        } catch {
            if error.saysNothing { throw error }
            salvage.failure = "\(error)"
        }
        let tellsFormat = records.contains { $0.bucket.elementsEqual(BucketName.format.description.utf8) }
        for record in records {
            guard isFormer, !tellsFormat else {
                salvage.take(record)
                continue
            }
            // What cannot be translated is as good as damaged.
            let translated: [UInt8]?
            do {
                translated = try record.value.withUnsafeBytes { try FormerRecords.translate($0, in: record.bucket) }
            } catch {
                continue
            }
            salvage.take(Foreign(bucket: record.bucket, key: record.key, value: translated ?? record.value))
        }
        self = salvage
    }

    private init() {}

    private mutating func take(_ record: Foreign) {
        let name = String(decoding: record.bucket, as: UTF8.self)
        record.key.withUnsafeBytes { key in
            record.value.withUnsafeBytes { value in
                switch name {
                case "packages": if let id = Self.package(key) { packages[id] = record.value }
                case "layouts": if let id = Self.package(key) { layouts[id] = record.value }
                case "manifests":
                    if let id = Self.package(key), let manifest = try? ManifestRecord(decoding: value) {
                        manifests[id] = manifest
                    }
                case "trees":
                    guard key.count == TreeID.byteCount else { return }
                    let id = TreeID(canonical: key)
                    // Its name is its hash, so no checksum is needed to believe it.
                    if TreeID(hashing: value) == id { trees[id] = record.value }
                case "states": if let state = try? State(decoding: value) { states[state.number] = state }
                case "control": control = try? Control(decoding: value)
                default: if !BucketName.rebuildable.contains(name) { foreign.append(record) }
                }
            }
        }
    }

    private static func package(_ key: UnsafeRawBufferPointer) -> PackageID? {
        key.count == PackageID.byteCount ? PackageID(bytes: key) : nil
    }
}
