internal import BytePath
internal import CFuse
internal import GarbageCollection
internal import HelperProcess
internal import LinuxSystem
internal import ObjectStore
package import ViewImage

/// Trees as a FUSE view: served from memory, read through the kernel where it lets us.
///
/// One view per process. What is served never changes, so the kernel may keep every name, attribute and listing for
/// ever, and requests are answered from arrays without a lock.
package enum PreviewMount {
    /// Why a view could not be started, or ended badly.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String

        init(_ description: String) { self.description = description }
    }

    /// Makes what a request without an image is for.
    package typealias MakeCatalogue = (ViewRequest) throws -> any ViewCatalogue

    /// Makes what fetches the remote stones of a request.
    package typealias MakeRemoteStones = (ViewRequest) -> any RemoteStones

    /// What the program moss-view does.
    package static func main(_ makeCatalogue: MakeCatalogue, _ makeRemote: MakeRemoteStones) -> Int32 {
        CurrentProcess.prepare()
        CurrentProcess.setFileModeMask(0o022)
        CurrentProcess.raiseOpenFileLimit()
        return run(CurrentProcess.arguments, makeCatalogue, makeRemote)
    }

    /// Runs the process that `arguments` describe (see ``ViewRequest``) until it is told to stop or unmounted.
    /// - Returns: the exit code.
    private static func run(
        _ arguments: [BytePath], _ makeCatalogue: MakeCatalogue, _ makeRemote: MakeRemoteStones
    ) -> Int32 {
        let request: ViewRequest
        do throws(ViewRequest.Malformed) {
            request = try ViewRequest(arguments: arguments)
        } catch {
            complain("\(error.description); moss mount starts this program")
            return 2
        }
        let starter = ReadySignal(request.ready)
        do throws(Failure) {
            try serve(request, starter, makeCatalogue, makeRemote)
            return 0
        } catch {
            if !starter.fail(error.description) { complain(error.description) }
            return 1
        }
    }

    private static func complain(_ text: String) {
        CurrentProcess.writeError("moss-view: \(text)\n")
    }

    private static func serve(
        _ request: ViewRequest, _ starter: ReadySignal, _ makeCatalogue: MakeCatalogue, _ makeRemote: MakeRemoteStones
    ) throws(Failure) {
        let remote = request.stones.contains { $0.isRemote } ? makeRemote(request) : nil
        let contents = try Contents(request, remote)
        let source = try ViewSource(request, makeCatalogue)
        let session = try ViewSession(source, contents)
        let lease = try adoptLease(request)
        try FuseMount.run(session, for: request, reading: source.reading(request.reading), starter)
        contents.removeScratch()
        source.catalogue?.end()
        lease?.release()
    }

    private static func adoptLease(_ request: ViewRequest) throws(Failure) -> Lease? {
        // A catalogue adds to its lease, so it has that.
        guard let descriptor = request.lease, request.image != nil else { return nil }
        do throws(SystemError) {
            let moss = try ObjectReader.openDirectory(of: request.root)
            return try Lease.adopt(Descriptor(taking: descriptor), below: moss)
        } catch {
            throw Failure("\(error)")
        }
    }
}
