internal import BytePath
internal import CFuse
internal import LinuxSystem
import Synchronization
internal import ViewImage

/// What a session serves: images, each in a slot of its own, and above them perhaps a catalogue.
///
/// A node of the file system is `slot << 32 | row + 1` of an image, so the number alone says where it is; slot 0 of a
/// catalogue is the catalogue's own. Slots are never used again, and so no number ever means two things.
final class ViewSource: @unchecked Sendable {
    // Slots are written once, before `count` is raised past them, and only read afterwards.
    private let images: UnsafeMutablePointer<ViewImage?>
    private let count: Atomic<Int>
    private let appending = Mutex(())
    let catalogue: Catalogue?

    /// More trees than anybody looks at during the life of a mount.
    static let capacity = 1 << 16

    init(_ request: ViewRequest, _ contents: Contents) throws(PreviewMount.Failure) {
        images = .allocate(capacity: Self.capacity)
        count = Atomic(0)
        switch request.content {
        case .image(let descriptor):
            catalogue = nil
            images.initialize(to: try Self.map(Descriptor(taking: descriptor)))
            count.store(1, ordering: .releasing)
        case .everything:
            images.initialize(to: nil)
            count.store(1, ordering: .releasing)
            catalogue = try Catalogue(request)
        }
    }

    deinit {
        images.deinitialize(count: count.load(ordering: .acquiring))
        images.deallocate()
    }

    /// Maps the image for the rest of the process's life.
    private static func map(_ file: consuming Descriptor) throws(PreviewMount.Failure) -> ViewImage {
        do {
            let size = Int(clamping: try file.status().size)
            return try ViewImage(keepingMapped: try file.map(byteCount: size))
        } catch {
            throw PreviewMount.Failure("the tree to show cannot be read: \(error)")
        }
    }

    /// Puts `image` into a slot of its own; nil when there are no more.
    func add(_ image: ViewImage) -> Int? {
        appending.withLock { _ in
            let slot = count.load(ordering: .relaxed)
            guard slot < Self.capacity else { return nil }
            (images + slot).initialize(to: image)
            count.store(slot + 1, ordering: .releasing)
            return slot
        }
    }

    /// The image and row of a node; nil for the catalogue's own and for numbers nobody was given.
    @inline(__always)
    func place(of node: fuse_ino_t) -> Place? {
        let slot = Int(truncatingIfNeeded: node >> 32)
        guard slot < count.load(ordering: .acquiring), let image = images[slot] else { return nil }
        let row = Int(node & 0xffff_ffff) - 1
        guard row >= 0, row < image.nodeCount else { return nil }
        return Place(image: image, slot: slot, row: row)
    }

    /// A node's place in an image.
    struct Place {
        let image: ViewImage
        let slot: Int
        let row: Int

        @inline(__always)
        var node: ViewNode { image.nodes[row] }
        @inline(__always)
        func number(of row: Int) -> fuse_ino_t { fuse_ino_t(slot) << 32 | fuse_ino_t(row + 1) }
        var number: fuse_ino_t { number(of: row) }
    }
}

extension ViewImage {
    /// The image in a mapping, which stays for the rest of the process's life.
    init(keepingMapped mapping: consuming MemoryMapping) throws(Damaged) {
        try self.init(UnsafeRawBufferPointer(mapping.keep()))
    }
}
