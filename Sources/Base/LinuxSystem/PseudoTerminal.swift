package import BytePath
internal import CLinux
import Glibc

/// A terminal made by programs, and the relay that connects it to the one people look at.
package struct PseudoTerminal: Sendable {
    /// Standard streams that are the caller's terminal.
    package let streams: [Int32]
    /// The other side's name in its devpts.
    package let number: UInt32
    private let caller: Int32
    /// The devpts it is in.
    private let directory: BytePath
    /// Open for as long as this process lives, or until ``closeMaster()``.
    private let master: Int32

    /// A new one from the multiplexer `path`, with the caller's modes and size; nil where no standard stream is a
    /// terminal.
    package init?(from path: BytePath) throws(SystemError) {
        let streams = (Int32(0)...2).filter { isatty($0) == 1 }
        guard let caller = streams.first else { return nil }
        let file = try Descriptor.open(path, [.readWrite, .nonBlocking, .noControllingTerminal])
        var number: UInt32 = 0
        guard moss_unlock_pty(file.raw, &number) == 0 else { throw .last("ioctl", path) }
        moss_copy_terminal(caller, file.raw)
        self.streams = streams
        self.number = number
        self.caller = caller
        directory = path.parent
        master = file.keepOpen()
        moss_keep_terminal(caller)
    }

    /// In the process whose terminal it becomes, which leads a session: puts the standard streams on `path`, which is
    /// the other side, and no other stays on the caller's terminal.
    package func adopt(_ path: BytePath) throws(SystemError) {
        let file = try Descriptor.open(path, [.readWrite, .noControllingTerminal])
        for stream in streams { try CurrentProcess.replaceStream(stream, with: file.raw) }
    }

    /// Makes it the terminal of the session that this process leads.
    package func control() throws(SystemError) {
        guard let stream = streams.first, moss_take_terminal(stream) == 0 else { throw .last("ioctl") }
    }

    /// In a process for nothing else: carries input and output until the other side is closed everywhere.
    ///
    /// - Parameter lifeline: ends it too, once its other end is closed. The terminal then has its modes again.
    package func relay(until lifeline: borrowing Descriptor) {
        moss_relay_terminal(
            caller, streams.contains(0) ? 1 : 0, streams.contains(1) && streams.contains(2) ? 1 : 0, master,
            lifeline.raw)
    }

    /// Ends the relay, should nobody ever have had the other side open.
    package func closeOtherSide() {
        let path = directory.appending("\(number)")
        _ = try? Descriptor.open(path, [.readWrite, .nonBlocking, .noControllingTerminal])
    }

    package func closeMaster() {
        close(master)
    }

    /// Gives the caller's terminal the modes it had, unless another job uses it now.
    package func restore() {
        moss_restore_terminal()
    }
}
