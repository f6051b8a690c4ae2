internal import BytePath
internal import Failures
internal import LinuxSystem
internal import Storage

/// An open directory in which the objects of a shard have names: see ``ObjectName/withCString(in:_:)``.
package struct ShardPlace {
    package let directory: Int32
    /// Whether it is the shard itself; else it is the directory of all shards.
    let isShard: Bool
}

/// Descriptors of the shard directories, opened when first needed; no more of them than a process can spare that may
/// have few files open. For the others that of all shards stands in.
struct ShardTable: ~Copyable {
    private var descriptors: [Int32] = Array(repeating: -1, count: ObjectName.shardCount)
    /// How many may be open; not known before the first is needed.
    private var capacity = -1
    private var owned: [DescriptorBox] = []
    private let makesMissing: Bool

    init(makesMissing: Bool) { self.makesMissing = makesMissing }

    static func make(_ shard: Int, in moss: borrowing Descriptor) throws(SystemError) {
        let path = BytePath("objects").appending(BytePath(ObjectName.shardName(shard)))
        try RootLayout.ensureDirectory(path, mode: mode(of: shard), in: moss)
    }

    private static func mode(of shard: Int) -> UInt32 { shard == ObjectName.privilegedShard ? 0o700 : 0o755 }

    private final class DescriptorBox {
        let descriptor: Descriptor
        init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
    }

    mutating func descriptor(
        of shard: Int, below objects: borrowing Descriptor, in moss: borrowing Descriptor
    ) throws(SystemError) -> Int32 {
        if descriptors[shard] >= 0 { return descriptors[shard] }
        if capacity < 0 { capacity = Self.capacity(openFileLimit: CurrentProcess.openFileLimit) }
        descriptors[shard] = try open(shard, below: objects, in: moss) ?? objects.raw
        return descriptors[shard]
    }

    /// A sixteenth where the limit is far from enough for all of them and everything else.
    private static func capacity(openFileLimit limit: Int) -> Int {
        limit >= 2 * ObjectName.shardCount ? ObjectName.shardCount : limit / 16
    }

    /// - Returns: nil where no more files may be open.
    private mutating func open(
        _ shard: Int, below objects: borrowing Descriptor, in moss: borrowing Descriptor
    ) throws(SystemError) -> Int32? {
        if owned.count >= capacity {
            if makesMissing { try Self.make(shard, in: moss) }
            return nil
        }
        let name = BytePath(ObjectName.shardName(shard))
        do throws(SystemError) {
            return own(try objects.openDirectory(name))
        } catch {
            if error.number.isShortOfFiles {
                capacity = owned.count
                return nil
            }
            guard makesMissing, !error.saysNothing else { throw error.below("objects") }
        }
        try Self.make(shard, in: moss)
        do throws(SystemError) {
            return own(try objects.openDirectory(name))
        } catch {
            throw error.below("objects")
        }
    }

    private mutating func own(_ directory: consuming Descriptor) -> Int32 {
        let box = DescriptorBox(directory)
        owned.append(box)
        return box.descriptor.raw
    }
}

/// A thread's own copy of the shard descriptors, so that linking takes no lock.
package struct ShardCache {
    private var descriptors: [Int32] = Array(repeating: -1, count: ObjectName.shardCount)

    package init() {}

    @inline(__always)
    package mutating func place(of shard: Int, in store: ObjectStore) throws(StoreError) -> ShardPlace {
        let known = descriptors[shard]
        if known >= 0 { return ShardPlace(directory: known, isShard: known != store.objects.raw) }
        let opened = try store.place(of: shard)
        descriptors[shard] = opened.directory
        return opened
    }
}
