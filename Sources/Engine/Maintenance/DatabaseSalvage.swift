internal import BytePath
internal import Digests
internal import Failures
internal import FileTree
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
    /// Digests of the manifests.
    private(set) var manifests: [PackageID: Digest128] = [:]
    private(set) var states: [UInt64: State] = [:]
    private(set) var trees: [TreeID: [UInt8]] = [:]
    private(set) var control: Control?

    /// - Throws: where the old database cannot be looked at, which does not mean that nothing is in it.
    init(_ directory: BytePath) throws(DatabaseError) {
        var salvage = Self()
        do throws(DatabaseError) {
            salvage.problems = try DatabaseFile.read(directory) { salvage.take($0) }
        } catch {
            if error.saysNothing { throw error }
            salvage.failure = "\(error)"
        }
        self = salvage
    }

    private init() {}

    private mutating func take(_ record: DatabaseFile.Record) {
        let name = String(decoding: record.bucket, as: UTF8.self)
        switch name {
        case "packages": if let id = Self.package(record.key) { packages[id] = Array(record.value) }
        case "layouts": if let id = Self.package(record.key) { layouts[id] = Array(record.value) }
        case "manifests":
            guard record.value.count == Digest128.byteCount, let id = Self.package(record.key) else { return }
            manifests[id] = Digest128(canonical: record.value)
        case "trees":
            guard record.key.count == TreeID.byteCount else { return }
            let id = TreeID(canonical: record.key)
            // Its name is its hash, so no checksum is needed to believe it.
            if TreeID(hashing: record.value) == id { trees[id] = Array(record.value) }
        case "states": if let state = try? State(decoding: record.value) { states[state.number] = state }
        case "control": control = try? Control(decoding: record.value)
        default:
            if BucketName.rebuildable.contains(name) { return }
            foreign.append(Foreign(bucket: record.bucket, key: Array(record.key), value: Array(record.value)))
        }
    }

    private static func package(_ key: UnsafeRawBufferPointer) -> PackageID? {
        key.count == PackageID.byteCount ? PackageID(bytes: key) : nil
    }
}
