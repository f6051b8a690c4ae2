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
        // Where files are read through us, opening them takes nothing yet.
        whenBrought(place, ifNeeded: contents.reading == .passthrough, request) { session, request in
            session.answerOpen(request, node, place)
        }
    }

    private func answerOpen(_ request: fuse_req_t, _ node: fuse_ino_t, _ place: ViewSource.Place) {
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
        whenBrought(place, request) { session, request in session.answerRead(request, place, count, UInt64(offset)) }
    }

    private func answerRead(_ request: fuse_req_t, _ place: ViewSource.Place, _ count: Int, _ offset: UInt64) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        defer { buffer.deallocate() }
        if let error = contents.read(place, into: buffer, at: offset) {
            reply(request, error.rawValue)
            return
        }
        _ = fuse_reply_buf(request, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), count)
    }

    // MARK: Bringing

    /// A request that is answered later.
    private struct Pending: @unchecked Sendable {
        // libfuse lets any thread answer a request.
        let request: fuse_req_t
    }

    /// Answers with `answer` once the content is there: at once, or on another thread after that has brought it.
    private func whenBrought(
        _ place: ViewSource.Place, ifNeeded isNeeded: Bool = true, _ request: fuse_req_t,
        _ answer: @escaping @Sendable (ViewSession, fuse_req_t) -> Void
    ) {
        guard isNeeded, contents.isPacked(place) else { return answer(self, request) }
        let pending = Pending(request: request)
        errands.run { [self] in
            let error = contents.bring(place)
            errands.answer {
                if let error {
                    reply(pending.request, error.rawValue)
                } else {
                    answer(self, pending.request)
                }
            }
        }
    }
}
