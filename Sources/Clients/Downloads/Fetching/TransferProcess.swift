internal import BytePath
internal import HelperProcess
package import LinuxSystem
package import Transfer

/// The process that fetches, seen from the one that started it. It ends with this value.
package final class TransferProcess: Sendable {
    static let programName: BytePath = "moss-fetch"

    private let process: HelperProcess

    /// Starts it; files go into `directory`, or come from there.
    package init(into directory: borrowing Descriptor, _ settings: TransferSettings) throws(RepositoryError) {
        do throws(HelperError) {
            var launch = HelperLaunch(
                try HelperProcess.find(Self.programName), ["--directory", BytePath("\(directory.raw)")])
            launch.inherited = [directory.raw]
            launch.socket = "--socket"
            launch.streams = .messages
            process = try HelperProcess.start(launch)
        } catch {
            throw RepositoryError(.system, error.program.display, "\(error)")
        }
        try send(.settings(settings))
    }

    package func send(_ command: TransferCommand) throws(RepositoryError) {
        try reporting { () throws(SystemError) in try process.socket?.write(command.encoded) }
    }

    /// Waits up to so long for something to read.
    package func hasNews(within milliseconds: Int32) throws(SystemError) -> Bool {
        try process.socket?.waitUntilReadable(milliseconds: milliseconds) ?? false
    }

    /// Adds what has come to `stream`.
    /// - Returns: false where the process has ended.
    package func read(into stream: inout TransferStream<TransferEvent>) throws(SystemError) -> Bool {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 1)
        defer { buffer.deallocate() }
        let count = try process.socket?.read(into: buffer) ?? 0
        stream.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count > 0
    }
}
