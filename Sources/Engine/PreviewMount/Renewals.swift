internal import CFuse
import Glibc
internal import LinuxSystem
internal import ViewImage

/// Requests to look at all files anew, after a repair has replaced some: who asks for ``attribute`` of the root gets an
/// answer once nothing is kept any more, neither here nor by the kernel.
///
/// They are served on a thread of their own: the kernel waits for reads that are under way, which others have to answer.
final class Renewals: Sendable {
    static let attribute = "user.moss.renewed"

    private struct Request: @unchecked Sendable {
        // libfuse's requests may be answered from any thread, once.
        let pointer: fuse_req_t
        let room: Int
    }

    private let waiting = Guarded<[Request]>([])
    /// A byte for each request; the end closes nothing, but sends one without a request.
    private let reading: Descriptor
    private let writing: Descriptor

    init() throws(PreviewMount.Failure) {
        do throws(SystemError) {
            let pipe = try Pipe()
            reading = try pipe.reading.duplicate()
            writing = try pipe.writing.duplicate()
        } catch {
            throw PreviewMount.Failure("\(error)")
        }
    }

    /// Takes a request for the attribute over.
    func add(_ request: fuse_req_t, _ room: Int) {
        let request = Request(pointer: request, room: room)
        waiting.withLock { $0.append(request) }
        wake()
    }

    /// Ends ``serve(_:_:)``.
    func end() { wake() }

    // A pipe has room for thousands of requests at once, and a reader for as long as this value lives.
    private func wake() { try? writing.write([0]) }

    /// Answers until ``end()``.
    func serve(_ session: ViewSession, _ fuse: OpaquePointer) {
        while (try? reading.readByte()) != nil {
            guard let request = waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return }
            session.contents.openAnew()
            // Of most the kernel knows nothing, and says so.
            session.source.forEachFile { _ = fuse_lowlevel_notify_inval_inode(fuse, $0, 0, 0) }
            if request.room == 0 {
                _ = fuse_reply_xattr(request.pointer, 1)
            } else {
                _ = fuse_reply_buf(request.pointer, "1", 1)
            }
        }
    }
}

extension Descriptor {
    /// The next byte, waiting for it; nil at the end.
    fileprivate func readByte() throws(SystemError) -> UInt8? {
        var byte: UInt8 = 0
        let count = try withUnsafeMutableBytes(of: &byte) { (buffer) throws(SystemError) in try read(into: buffer) }
        return count == 0 ? nil : byte
    }
}
