internal import CFuse
import Glibc
internal import LinuxSystem
internal import ViewImage

/// Opening, reading and letting go of files.
extension ViewSession {
    func open(_ request: fuse_req_t, _ node: fuse_ino_t, _ information: UnsafeMutablePointer<fuse_file_info>) {
        guard let place = source.place(of: node), place.node.isRegular else {
            reply(request, Int32(ENOENT))
            return
        }
        guard information.pointee.flags & O_ACCMODE == O_RDONLY else {
            reply(request, Int32(EROFS))
            return
        }
        switch contents.open(place) {
        case .unmediated: reply(request, Int32(ENOSYS))
        case .cached:
            if moss_fuse_reply_cached_open(request, Contents.cachedHandle) == -ENOENT {
                contents.release(place, handle: Contents.cachedHandle)
            }
        case .backed(let id):
            // The kernel says that the opener is gone: no release will come.
            if moss_fuse_reply_passthrough(request, id) == -ENOENT { contents.release(place, handle: 0) }
        case .outdated:
            // The kernel looks the name up again, and so comes to the other number.
            source.renumber(node)
            reply(request, Int32(ESTALE))
        case .failed(let error): reply(request, error.rawValue)
        }
    }

    func release(_ request: fuse_req_t, _ node: fuse_ino_t, _ information: UnsafeMutablePointer<fuse_file_info>) {
        if let place = source.place(of: node) {
            contents.release(place, handle: moss_fuse_handle(information))
        }
        reply(request, 0)
    }

    func read(_ request: fuse_req_t, _ node: fuse_ino_t, _ size: Int, _ offset: off_t) {
        guard let place = source.place(of: node), place.node.isRegular, offset >= 0 else {
            reply(request, Int32(ENOENT))
            return
        }
        let left = place.node.size &- min(place.node.size, UInt64(offset))
        let count = Int(min(UInt64(size), left))
        if count == 0 {
            _ = fuse_reply_buf(request, nil, 0)
            return
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        defer { buffer.deallocate() }
        if let error = contents.read(place, into: buffer, at: UInt64(offset)) {
            reply(request, error.rawValue)
            return
        }
        _ = fuse_reply_buf(request, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), count)
    }
}
