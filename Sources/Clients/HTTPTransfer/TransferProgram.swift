internal import BytePath
internal import CCurl
internal import HelperProcess
internal import LinuxSystem
internal import Transfer

/// Files by HTTP, through libcurl: the process of its own that a command starts once it has to fetch.
///
/// It is given two descriptors: a socket, on which it reads ``TransferCommand``s and answers with ``TransferEvent``s, and
/// the directory that files are made in, or read from where they are sent. It ends when the other side of the socket closes.
/// Servers are hostile: nothing is believed that was not asked for, and nothing is unpacked here.
package enum TransferProgram {
    /// - Returns: the exit code.
    package static func main() -> Int32 {
        CurrentProcess.prepare()
        guard let (socket, directory) = try? Self.descriptors(CurrentProcess.arguments) else {
            CurrentProcess.writeError("moss-fetch: moss starts this program where something has to be fetched\n")
            return 2
        }
        guard moss_curl_global_init() == CURLE_OK,
            let loop = TransferLoop(socket: Descriptor(taking: socket), directory: Descriptor(taking: directory))
        else {
            CurrentProcess.writeError("moss-fetch: libcurl does not start\n")
            return 1
        }
        do throws(SystemError) {
            try loop.run()
            return 0
        } catch {
            CurrentProcess.writeError("moss-fetch: \(error)\n")
            return 1
        }
    }
}

extension TransferProgram {
    private static func descriptors(
        _ arguments: [BytePath]
    ) throws(HelperArgumentReader.Malformed) -> (socket: Int32, directory: Int32) {
        var reader = HelperArgumentReader(arguments)
        var (socket, directory): (Int32?, Int32?)
        while let option = reader.next() {
            switch option {
            case "--socket": socket = try reader.number(of: option)
            case "--directory": directory = try reader.number(of: option)
            default: throw HelperArgumentReader.Malformed(option, "is unknown")
            }
        }
        guard let socket, let directory else { throw HelperArgumentReader.Malformed("", "something is missing") }
        return (socket, directory)
    }
}

/// All transfers of a process.
final class TransferLoop {
    private let socket: Descriptor
    private let directory: TransferDirectory
    private let multi: OpaquePointer
    private var settings = TransferSettings()
    private var transfers: [UInt32: any CurlTransfer] = [:]
    private var commands = TransferStream<TransferCommand>()
    private let budget = TransferBudget()
    private var toldAt: UInt64 = 0

    init?(socket: consuming Descriptor, directory: consuming Descriptor) {
        guard let multi = curl_multi_init() else { return nil }
        self.socket = socket
        self.directory = TransferDirectory(directory)
        self.multi = OpaquePointer(multi)
    }

    private var handle: UnsafeMutableRawPointer { UnsafeMutableRawPointer(multi) }

    private var pollMilliseconds: Int32 {
        transfers.isEmpty ? 60_000 : transfers.values.contains { $0.isPaused } ? 20 : 100
    }

    func run() throws(SystemError) {
        var running: Int32 = 0
        while true {
            var waited = curl_waitfd(fd: socket.raw, events: Int16(CURL_WAIT_POLLIN), revents: 0)
            guard curl_multi_poll(handle, &waited, 1, pollMilliseconds, nil) == CURLM_OK else {
                throw SystemError(.inputOutput, call: "curl_multi_poll")
            }
            if waited.revents != 0, try !readCommands() { return }
            guard curl_multi_perform(handle, &running) == CURLM_OK else {
                throw SystemError(.inputOutput, call: "curl_multi_perform")
            }
            var result = CURLE_OK
            while let easy = moss_curl_next_ended(handle, &result) { try end(easy, result) }
            resume()
            try tellProgress()
        }
    }

    /// - Returns: false once the other side has closed.
    private func readCommands() throws(SystemError) -> Bool {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 1)
        defer { buffer.deallocate() }
        let count = try socket.read(into: buffer)
        if count == 0 { return false }
        commands.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        while let command = try next() { try carryOut(command) }
        return true
    }

    private func next() throws(SystemError) -> TransferCommand? {
        do throws(TransferCodingError) {
            return try commands.next()
        } catch {
            throw SystemError(.invalidArgument, call: "read")
        }
    }

    private func carryOut(_ command: TransferCommand) throws(SystemError) {
        switch command {
        case .settings(let settings):
            self.settings = settings
            budget.rate = settings.bandwidth
            // Of many connections that share little each would seem dead to its server.
            let connections =
                budget.rate > 0
                ? min(settings.connections, max(1, UInt32(clamping: budget.rate >> 16))) : settings.connections
            moss_curl_multi_set_long(
                handle, CURLMOPT_MAX_HOST_CONNECTIONS, Int(min(settings.connectionsPerHost, connections)))
            moss_curl_multi_set_long(handle, CURLMOPT_MAX_TOTAL_CONNECTIONS, Int(connections))
            moss_curl_multi_set_long(handle, CURLMOPT_MAXCONNECTS, Int(settings.connections))
        case .start(let request):
            try begin(HTTPTransfer(request, settings, budget, below: directory))
        case .exchange(let exchange):
            try begin(HTTPExchange(exchange, settings, budget, below: directory))
        case .cancel(let number):
            guard let transfer = transfers.removeValue(forKey: number) else { return }
            curl_multi_remove_handle(handle, transfer.handle)
            try send(transfer.cancelled())
        }
    }

    private func begin(_ transfer: (any CurlTransfer)?) throws(SystemError) {
        guard let transfer, transfers[transfer.number] == nil else {
            throw SystemError(.invalidArgument, call: "curl_easy_init")
        }
        transfers[transfer.number] = transfer
        curl_multi_add_handle(handle, transfer.handle)
    }

    private func end(_ easy: UnsafeMutableRawPointer, _ result: CURLcode) throws(SystemError) {
        curl_multi_remove_handle(handle, easy)
        guard let transfer = transfers.values.first(where: { $0.handle == easy }) else { return }
        transfers[transfer.number] = nil
        try send(transfer.end(result))
    }

    private func tellProgress() throws(SystemError) {
        guard monotonicNanoseconds() - toldAt >= 100_000_000 else { return }
        toldAt = monotonicNanoseconds()
        for transfer in transfers.values {
            if let count = transfer.news() { try send(.progress(transfer.number, count)) }
        }
    }

    /// Lets those go on that wait for their turn, as far as there is something to have.
    private func resume() {
        for transfer in transfers.values where transfer.isPaused && budget.isOpen { transfer.resume() }
    }

    private func send(_ event: TransferEvent) throws(SystemError) { try socket.write(event.encoded) }
}
