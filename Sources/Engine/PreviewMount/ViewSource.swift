internal import CFuse
internal import LinuxSystem
internal import ViewImage

/// What a session serves: the rows of an image are its nodes.
///
/// The number of a node is its row and 1, as the kernel wants the root to be 1. The image never changes, so neither
/// does what a number means.
struct ViewSource: Sendable {
    private let image: ViewImage

    init(_ request: ViewRequest) throws(PreviewMount.Failure) {
        image = try Self.map(Descriptor(taking: request.image))
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

    /// The place of a node; nil for numbers nobody was given.
    @inline(__always)
    func place(of node: fuse_ino_t) -> Place? {
        guard node > 0, node <= UInt64(image.nodeCount) else { return nil }
        return Place(image: image, row: Int(node) - 1)
    }

    /// A node's place in the image.
    struct Place {
        let image: ViewImage
        let row: Int

        @inline(__always)
        var node: ViewNode { image.nodes[row] }
        @inline(__always)
        func number(of row: Int) -> fuse_ino_t { fuse_ino_t(row + 1) }
        var number: fuse_ino_t { number(of: row) }
    }
}

extension ViewImage {
    /// The image in a mapping, which stays for the rest of the process's life.
    init(keepingMapped mapping: consuming MemoryMapping) throws(Damaged) {
        try self.init(UnsafeRawBufferPointer(mapping.keep()))
    }
}
