internal import BytePath
internal import CFuse
import Glibc
internal import HelperProcess
internal import LinuxSystem
internal import ViewImage

/// The life of a session: mounting, the request loop, unmounting.
enum FuseMount {
    private typealias Failure = PreviewMount.Failure

    private struct Handle: @unchecked Sendable {
        // libfuse's notifications may come from any thread.
        let pointer: OpaquePointer
    }

    /// Two cores and a blocked open or two; libfuse makes threads when all are busy, up to this many.
    private static let threadLimit: UInt32 = 8

    /// Serves `session` until a signal, an unmount or an abort.
    static func run(
        _ session: ViewSession, for request: ViewRequest, reading: ViewRequest.Reading, _ starter: ReadySignal
    ) throws(PreviewMount.Failure) {
        let mountpoint = request.mountpoint
        var operations = fuse_lowlevel_ops.ofViews
        let owned = Unmanaged.passRetained(session)
        defer { owned.release() }
        guard let fuse = make(&operations, owned, request) else { throw Failure("libfuse refused to make a session") }
        defer { fuse_session_destroy(fuse) }
        guard fuse_set_signal_handlers(fuse) == 0 else { throw Failure("signals cannot be handled") }
        defer { fuse_remove_signal_handlers(fuse) }
        try mount(fuse, request)
        defer {
            fuse_session_unmount(fuse)
            detachIfDead(mountpoint)
        }
        guard moss_fuse_attach(fuse, reading == .cached ? 0 : session.contents.stackDepth) == 0 else {
            throw Failure("libfuse does not let its device be read by others")
        }
        session.contents.attach(fuse)
        var outcome: Int32 = 0
        let handle = Handle(pointer: fuse)
        let ran = withSecondThread {
            if start(session, at: mountpoint, reading, starter) { session.renewals.serve(session, handle.pointer) }
        } _: {
            outcome = loop(fuse)
            moss_fuse_end_waiting()
            session.renewals.end()
            session.errands.end()
        }
        guard ran else { throw Failure("no thread can be made") }
        // Positive is the signal that ended it.
        if outcome < 0 { throw Failure("serving requests failed: \(ErrorNumber(rawValue: -outcome).message)") }
    }

    private static func mount(_ fuse: OpaquePointer, _ request: ViewRequest) throws(PreviewMount.Failure) {
        let claim = try MountClaim(request.mountpoint)
        defer { claim.hold() }
        guard request.mountpoint.withCString({ fuse_session_mount(fuse, $0) }) == 0 else {
            throw Failure("mounting failed: \(mountHint(request))")
        }
    }

    /// libfuse leaves a mount whose connection was aborted to others.
    ///
    /// To be called without the device, so that asking cannot wait for this process.
    private static func detachIfDead(_ mountpoint: BytePath) {
        guard (try? MountTable.read().last { $0.path == mountpoint })?.type == "fuse.moss",
            // Somebody else's view may be here by now, and what the kernel remembers says nothing of who answers.
            [.failed(.notConnected), .failed(.connectionAborted)].contains(
                AttributeQuestion("user.moss.statistics", of: mountpoint)
                    .answer(before: monotonicNanoseconds() + 2_000_000_000))
        else { return }
        try? MountTable.unmount(mountpoint, lazily: true)
    }

    private static func mountHint(_ request: ViewRequest) -> String {
        let error = ErrorNumber(rawValue: errno)
        if request.allowsOthers, !CurrentProcess.isRoot {
            return "with allow_other, /etc/fuse.conf must have the line user_allow_other"
        }
        return [ErrorNumber(rawValue: 0), .notPermitted, .accessDenied, .noSuchFile].contains(error)
            ? "is /dev/fuse there, and may you use it? (as an ordinary user: install fuse3)" : error.message
    }

    private static func make(
        _ operations: inout fuse_lowlevel_ops, _ session: Unmanaged<ViewSession>, _ request: ViewRequest
    ) -> OpaquePointer? {
        var options = "ro,default_permissions,fsname=moss,subtype=moss"
        // What others may see is decided by modes and owners, as in the real tree.
        if CurrentProcess.isRoot || request.allowsOthers { options += ",allow_other" }
        if request.forbidsExecution { options += ",noexec" }
        var words: [UnsafeMutablePointer<CChar>?] = ["moss-view", "-o", options].map { (word: String) in strdup(word) }
        defer { for word in words { free(word) } }
        return words.withUnsafeMutableBufferPointer { words -> OpaquePointer? in
            var arguments = fuse_args(argc: Int32(words.count), argv: words.baseAddress, allocated: 0)
            defer { fuse_opt_free_args(&arguments) }
            return fuse_session_new(
                &arguments, &operations, MemoryLayout<fuse_lowlevel_ops>.size, session.toOpaque())
        }
    }

    private static func loop(_ fuse: OpaquePointer) -> Int32 {
        guard let configuration = fuse_loop_cfg_create() else { return -ENOMEM }
        defer { fuse_loop_cfg_destroy(configuration) }
        fuse_loop_cfg_set_max_threads(configuration, threadLimit)
        fuse_loop_cfg_set_idle_threads(configuration, threadLimit)
        return fuse_session_loop_mt(fuse, configuration)
    }

    /// Waits until the kernel has its first answer, finds out how files can be read, and says that the view answers.
    /// - Returns: whether it does.
    private static func start(
        _ session: ViewSession, at mountpoint: BytePath, _ reading: ViewRequest.Reading, _ starter: ReadySignal
    ) -> Bool {
        // A signal is for the thread in the loop, which it wakes.
        CurrentThread.blockSignals()
        guard moss_fuse_wait_for_beginning() else { return false }
        session.contents.chooseReading()
        if reading == .passthrough && session.contents.reading != .passthrough {
            _ = starter.fail("the kernel does not let files be read through it here")
            kill(getpid(), SIGTERM)
            return false
        }
        if session.contents.reading == .cached { readAhead(at: mountpoint) }
        starter.ready(session.contents.reading.rawValue)
        return true
    }

    /// Lets the kernel ask for more at once than it does by itself, where that is allowed: each question costs a
    /// message.
    private static func readAhead(at mountpoint: BytePath) {
        guard let device = try? MountTable.read().last(where: { $0.path == mountpoint })?.device,
            let setting = try? Descriptor.open(BytePath("/sys/class/bdi/\(device)/read_ahead_kb"), .write)
        else { return }
        try? setting.write(Array("1024".utf8))
    }
}
