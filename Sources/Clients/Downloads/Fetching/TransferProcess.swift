internal import BytePath
internal import LinuxSystem
internal import Transfer

/// The process that fetches, seen from the one that started it.
final class TransferProcess: Sendable {
    static let programName: BytePath = "moss-fetch"

    private let socket: Descriptor
    private let process: Int32

    /// Starts it; files go into `directory`.
    init(into directory: borrowing Descriptor, _ settings: TransferSettings) throws(RepositoryError) {
        let program: BytePath
        do throws(SystemError) {
            program = try findHelperProgram(Self.programName)
        } catch {
            throw RepositoryError(
                .system, "moss-fetch",
                "the program moss-fetch is missing; install it beside moss, in ../libexec/moss or"
                    + " in PATH")
        }
        let pair = try reporting { () throws(SystemError) in try SocketPair() }
        process = try reporting { () throws(SystemError) in
            try ChildProcess.spawn(
                program, arguments: [BytePath("\(pair.others.raw)"), BytePath("\(directory.raw)")],
                inheriting: [pair.others.raw, directory.raw])
        }
        socket = pair.intoOwn()
        try send(.settings(settings))
    }

    deinit {
        // Its socket closes when this one does, which is its end.
        ChildProcess.send(15, to: process)
        _ = try? ChildProcess.wait(for: process)
    }

    func send(_ command: TransferCommand) throws(RepositoryError) {
        try reporting { () throws(SystemError) in try socket.write(command.encoded) }
    }

    /// Waits up to so long for something to read.
    func hasNews(within milliseconds: Int32) throws(SystemError) -> Bool {
        try socket.waitUntilReadable(milliseconds: milliseconds)
    }

    /// Adds what has come to `stream`.
    /// - Returns: false where the process has ended.
    func read(into stream: inout TransferStream<TransferEvent>) throws(SystemError) -> Bool {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 1)
        defer { buffer.deallocate() }
        let count = try socket.read(into: buffer)
        stream.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count > 0
    }
}
