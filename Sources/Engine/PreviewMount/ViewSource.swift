internal import CFuse
internal import LinuxSystem
import Synchronization
internal import ViewImage

/// What a session serves: one tree, or a catalogue of many.
///
/// The number of a tree's node is its row in the image and 1, as the kernel wants the root to be 1; in a catalogue the
/// upper half says which tree. An image never changes, so neither does what a number means. A file whose object was
/// replaced while somebody had it open has one number more each time, told apart by the uppermost byte.
struct ViewSource: Sendable {
    private let image: ViewImage?
    let catalogue: Catalogue?
    private let renumbered = Renumbered()

    private final class Renumbered: Sendable {
        /// Whether there are any.
        let some = Atomic<Bool>(false)
        /// By the first number, how many it has had.
        let counts = Guarded<[fuse_ino_t: fuse_ino_t]>([:])
    }

    static let plainMask: fuse_ino_t = 1 << 56 - 1

    init(_ request: ViewRequest, _ makeCatalogue: PreviewMount.MakeCatalogue) throws(PreviewMount.Failure) {
        if let image = request.image {
            self.image = try ViewImage(keepingMapped: Descriptor(taking: image))
            catalogue = nil
        } else {
            image = nil
            do {
                catalogue = Catalogue(try makeCatalogue(request), time: currentTimeSeconds())
            } catch {
                throw PreviewMount.Failure("\(error)")
            }
        }
    }

    /// The place of a node; nil for numbers nobody was given, and for a catalogue's own directories.
    @inline(__always)
    func place(of node: fuse_ino_t) -> Place? {
        guard let image else { return catalogue?.place(of: node) }
        let plain = node & Self.plainMask
        guard plain > 0, plain <= UInt64(image.nodeCount) else { return nil }
        return Place(image: image, row: Int(plain) - 1, base: node & ~Self.plainMask)
    }

    /// The number by which a node is known to who looks it up now.
    @inline(__always)
    func current(_ number: fuse_ino_t) -> fuse_ino_t {
        renumbered.some.load(ordering: .relaxed) ? newest(number & Self.plainMask) : number
    }

    private func newest(_ plain: fuse_ino_t) -> fuse_ino_t {
        plain | (renumbered.counts.withLock { $0[plain] ?? 0 } & 0xff) << 56
    }

    /// Gives the file known as `number` another, unless it has one by now.
    func renumber(_ number: fuse_ino_t) {
        let plain = number & Self.plainMask
        renumbered.counts.withLock { counts in
            let count = counts[plain] ?? 0
            if (count & 0xff) << 56 | plain == number { counts[plain] = count + 1 }
        }
        renumbered.some.store(true, ordering: .relaxed)
    }

    /// Calls `body` with the numbers of all files that somebody may have looked up.
    func forEachFile(_ body: (fuse_ino_t) -> Void) {
        let trees = image.map { [(fuse_ino_t(0), $0)] } ?? catalogue?.trees ?? []
        for (base, image) in trees {
            for row in 0..<image.nodeCount where image.nodes[row].isRegular { body(base | fuse_ino_t(row + 1)) }
        }
        for (plain, count) in renumbered.counts.withLock({ $0 }) {
            for number in 1...min(count, 0xff) { body(number << 56 | plain) }
        }
    }

    /// How files are best read, where `wanted` leaves that open.
    ///
    /// A file in passthrough takes two messages each time it is opened, about as long as copying this many bytes; what
    /// is cached takes none, once the kernel knows, but is copied when first read and lies in memory twice.
    func reading(_ wanted: ViewRequest.Reading) -> ViewRequest.Reading {
        guard wanted == .automatic else { return wanted }
        guard let header = image?.header else { return .cached }
        return header.contentBytes / max(1, header.fileCount) < Self.passthroughSize ? .cached : .automatic
    }

    private static let passthroughSize: UInt64 = 256 << 10

    /// A node's place in the image.
    struct Place {
        let image: ViewImage
        let row: Int
        /// What the numbers of the image's nodes are added to.
        let base: fuse_ino_t

        @inline(__always)
        var node: ViewNode { image.nodes[row] }
        @inline(__always)
        func number(of row: Int) -> fuse_ino_t { base | fuse_ino_t(row + 1) }
        var number: fuse_ino_t { number(of: row) }
    }
}

extension ViewImage {
    /// The image in `file`, which stays mapped for the rest of the process's life.
    init(keepingMapped file: consuming Descriptor) throws(PreviewMount.Failure) {
        do {
            let mapping = try file.map(byteCount: Int(clamping: try file.status().size))
            try self.init(UnsafeRawBufferPointer(mapping.keep()))
        } catch {
            throw PreviewMount.Failure("the tree to show cannot be read: \(error)")
        }
    }
}
