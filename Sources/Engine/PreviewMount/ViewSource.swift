internal import CFuse
internal import LinuxSystem
internal import ViewImage

/// What a session serves: one tree, or a catalogue of many.
///
/// The number of a tree's node is its row in the image and 1, as the kernel wants the root to be 1; in a catalogue the
/// upper half says which tree. An image never changes, so neither does what a number means.
struct ViewSource: Sendable {
    private let image: ViewImage?
    let catalogue: Catalogue?

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
        guard node > 0, node <= UInt64(image.nodeCount) else { return nil }
        return Place(image: image, row: Int(node) - 1, base: 0)
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
