internal import BytePath
internal import CFuse
import Glibc
internal import LinuxSystem
internal import ObjectStore
internal import ViewImage

/// Answers requests: names, attributes and listings from the images, content from ``Contents``.
///
/// Methods run on libfuse's threads, many at once, and end in exactly one reply.
final class ViewSession: Sendable {
    let source: ViewSource
    let contents: Contents
    let renewals: Renewals
    let errands = Errands()
    /// Whom this process's user namespace knows; nil for everybody.
    private let users = ViewSession.partial(IdentifierMap.users())
    private let groups = ViewSession.partial(IdentifierMap.groups())

    /// Nothing changes, so what the kernel has learned stays right.
    static let forever = 1e9

    init(_ source: ViewSource, _ contents: Contents) throws(PreviewMount.Failure) {
        self.source = source
        self.contents = contents
        renewals = try Renewals()
    }

    private static func partial(_ map: IdentifierMap) -> IdentifierMap? { map.isWhole ? nil : map }

    @inline(__always)
    private static func shown(_ number: UInt32, _ map: IdentifierMap?) -> UInt32 {
        guard let map else { return number }
        return map.contains(number) ? number : 0
    }

    // MARK: Names and attributes

    func lookUp(_ request: fuse_req_t, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>) {
        guard let place = source.place(of: parent) else {
            lookUpInCatalogue(request, parent, name)
            return
        }
        var parameters = fuse_entry_param()
        parameters.entry_timeout = Self.forever
        if let row = place.image.child(of: place.row, name) {
            fill(&parameters, place, row)
        }
        // Without a node it says that there is no such name, which may be remembered as well.
        _ = fuse_reply_entry(request, &parameters)
    }

    @inline(__always)
    func fill(_ parameters: inout fuse_entry_param, _ place: ViewSource.Place, _ row: Int) {
        parameters.ino = source.current(place.number(of: row))
        parameters.generation = 1
        parameters.attr_timeout = Self.forever
        parameters.entry_timeout = Self.forever
        fill(&parameters.attr, place, row)
    }

    @inline(__always)
    private func fill(_ attributes: inout stat, _ place: ViewSource.Place, _ row: Int) {
        let node = place.image.nodes[row]
        attributes.st_ino = ino_t(place.number(of: row) & ViewSource.plainMask)
        attributes.st_mode = node.shownMode
        attributes.st_nlink = nlink_t(node.links)
        // In a sandbox of an ordinary user there is nobody else, and what is nobody's cannot be written to.
        attributes.st_uid = Self.shown(node.uid, users)
        attributes.st_gid = Self.shown(node.gid, groups)
        attributes.st_size = off_t(truncatingIfNeeded: node.isDirectory ? 4096 : node.size)
        attributes.st_blocks = blkcnt_t(truncatingIfNeeded: node.isRegular ? (node.size &+ 511) / 512 : 0)
        attributes.st_blksize = 4096
        // Objects have one fixed time; what a blit makes anew has the state's.
        let seconds = node.isRegular ? ObjectStore.objectTime : place.image.header.time
        attributes.st_mtim.tv_sec = Int(seconds)
        attributes.st_ctim.tv_sec = Int(seconds)
        attributes.st_atim.tv_sec = Int(seconds)
    }

    func getAttributes(_ request: fuse_req_t, _ node: fuse_ino_t) {
        guard let place = source.place(of: node) else {
            getCatalogueAttributes(request, node)
            return
        }
        var attributes = stat()
        fill(&attributes, place, place.row)
        _ = fuse_reply_attr(request, &attributes, Self.forever)
    }

    func readLink(_ request: fuse_req_t, _ node: fuse_ino_t) {
        guard let place = source.place(of: node) else {
            readCatalogueLink(request, node)
            return
        }
        guard place.node.isSymlink else {
            reply(request, Int32(EINVAL))
            return
        }
        _ = fuse_reply_readlink(request, place.image.target(of: place.node))
    }

    func reply(_ request: fuse_req_t, _ error: Int32) {
        _ = fuse_reply_err(request, error)
    }

    // MARK: Listings

    func openDirectory(_ request: fuse_req_t, _ node: fuse_ino_t) {
        if let catalogue = source.catalogue {
            openDirectory(request, node, in: catalogue)
        } else {
            // Said once: the kernel asks no more, and keeps every listing.
            reply(request, Int32(ENOSYS))
        }
    }

    func releaseDirectory(_ request: fuse_req_t, _ information: UnsafeMutablePointer<fuse_file_info>) {
        source.catalogue?.forgetListing(moss_fuse_handle(information))
        reply(request, 0)
    }

    /// Sends what is in the directory from `offset` on: the position of the next child.
    func readDirectory(
        _ request: fuse_req_t, _ node: fuse_ino_t, _ size: Int, _ offset: off_t,
        _ information: UnsafeMutablePointer<fuse_file_info>, withAttributes: Bool
    ) {
        guard let place = source.place(of: node) else {
            let listing = source.catalogue?.listing(moss_fuse_handle(information)) ?? []
            sendListing(request, size, offset, listing.count, withAttributes) { position, send in
                var parameters = entryWithoutNode(listing[position])
                listing[position].name.withCString { send($0, &parameters) }
            }
            return
        }
        guard place.node.isDirectory else {
            reply(request, Int32(ENOTDIR))
            return
        }
        let directory = place.node
        var parameters = fuse_entry_param()
        sendListing(request, size, offset, Int(directory.count), withAttributes) { position, send in
            let child = place.image.child(of: directory, at: position)
            fill(&parameters, place, child.node)
            send(child.name, &parameters)
        }
    }

    /// Sends the children from `offset` to `count` that have room in `size` bytes; `child` passes one of them on.
    @inline(__always)
    private func sendListing(
        _ request: fuse_req_t, _ size: Int, _ offset: off_t, _ count: Int, _ withAttributes: Bool,
        _ child: (Int, (UnsafePointer<CChar>, inout fuse_entry_param) -> Void) -> Void
    ) {
        guard offset >= 0 else {
            reply(request, Int32(EINVAL))
            return
        }
        withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { buffer in
            guard let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else {
                _ = fuse_reply_buf(request, nil, 0)
                return
            }
            var used = 0
            var position = Int(offset)
            var isFull = false
            while position < count, !isFull {
                let next = off_t(position + 1)
                child(position) { name, parameters in
                    let wanted =
                        withAttributes
                        ? fuse_add_direntry_plus(request, base + used, size - used, name, &parameters, next)
                        : fuse_add_direntry(request, base + used, size - used, name, &parameters.attr, next)
                    isFull = wanted > size - used
                    if !isFull { used += wanted }
                }
                position += 1
            }
            _ = fuse_reply_buf(request, base, used)
        }
    }

    // MARK: The file system

    func fileSystemStatus(_ request: fuse_req_t, _ node: fuse_ino_t) {
        var status = statvfs()
        (status.f_bsize, status.f_frsize, status.f_namemax) = (4096, 4096, 255)
        if let place = source.place(of: node) {
            status.f_blocks = fsblkcnt_t(place.image.header.contentBytes / 4096)
            status.f_files = fsfilcnt_t(place.image.nodeCount)
        }
        _ = fuse_reply_statfs(request, &status)
    }
}
