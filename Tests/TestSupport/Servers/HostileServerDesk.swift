import Glibc
internal import LinuxSystem

/// The part of a ``HostileServer`` that its connections share: files, scripts and the log.
final class HostileServerDesk: Sendable {
    typealias Script = (attempts: ArraySlice<ServerBehaviour>, afterwards: ServerBehaviour)

    struct State {
        var files: ServedFiles
        var scripts: [String: Script] = [:]
        var others: Script = ([], .normal)
        var log: [LoggedRequest] = []
        var connections = ConnectionCounts()

        mutating func nextBehaviour(_ path: String) -> ServerBehaviour {
            scripts[path] != nil ? Self.next(&scripts[path, default: ([], .normal)]) : Self.next(&others)
        }

        private static func next(_ script: inout Script) -> ServerBehaviour {
            script.attempts.popFirst() ?? script.afterwards
        }
    }

    let state: Guarded<State>

    init(_ files: ServedFiles) {
        state = Guarded(State(files: files))
    }

    /// Answers one connection's requests until one side has enough.
    func serve(_ socket: borrowing Descriptor) {
        let connection = state.withLock { $0.connections.begin() }
        defer { state.withLock { $0.connections.open -= 1 } }
        var reader = HTTPRequestReader()
        while let request = reader.next(from: socket) {
            var (answer, entry) = take(request, connection)
            if !answer.isEarly { receiveBody(of: request, from: socket, &reader, entry) }
            if request.method == "HEAD" || answer.status == 304 {
                answer.body = []
                answer.isChunked = false
            }
            let sender = HTTPAnswerSender(answer) { [state] sent, bodySent in
                state.withLock {
                    $0.log[entry].bytesSent += sent
                    $0.log[entry].bodyBytesSent += bodySent
                }
            }
            guard sender.send(to: socket), request.keepsConnection else { break }
        }
        LoopbackSocket.shutDown(socket.raw)
    }

    /// Writes the request down and decides what is said to it.
    private func take(_ request: HTTPRequest, _ connection: Int) -> (HTTPAnswer, entry: Int) {
        state.withLock { state in
            var entry = LoggedRequest(request: request, connection: connection)
            let behaviour = state.nextBehaviour(entry.path)
            if let bytes = behaviour.change { state.files.put(entry.path, bytes) }
            let file = state.files[entry.path]
            var answer = HTTPAnswer.right(to: request, file)
            if !request.keepsConnection { answer["Connection"] = "close" }
            behaviour.apply(to: &answer, file)
            entry.status = answer.raw == nil ? answer.status : 0
            state.log.append(entry)
            return (answer, state.log.count - 1)
        }
    }

    private func receiveBody(
        of request: HTTPRequest, from socket: borrowing Descriptor, _ reader: inout HTTPRequestReader, _ entry: Int
    ) {
        guard request.contentLength > 0 else { return }
        if request["Expect"]?.lowercased() == "100-continue" {
            _ = LoopbackSocket.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)[...], to: socket)
        }
        let body = reader.body(request.contentLength, from: socket)
        state.withLock { $0.log[entry].body = body }
    }
}

/// Sends one answer the way its script says.
struct HTTPAnswerSender {
    private static let chunkBytes = 1 << 16

    let answer: HTTPAnswer
    /// Told of bytes before the client can have them, so that a log never lags behind a client; bytes that were not sent
    /// after all are taken off.
    let note: (_ sent: Int, _ bodySent: Int) -> Void

    init(_ answer: HTTPAnswer, note: @escaping (Int, Int) -> Void) {
        self.answer = answer
        self.note = note
    }

    /// - Returns: whether the connection goes on.
    func send(to socket: borrowing Descriptor) -> Bool {
        if answer.silenceSeconds > 0, wait(answer.silenceSeconds, socket) { return false }
        if let raw = answer.raw {
            _ = put(raw[...], to: socket)
            return false
        }
        guard put((answer.preface + head)[...], to: socket), sendBody(to: socket) else { return false }
        switch answer.end {
        case .keep: return put(answer.appendix[...], to: socket)
        case .close: return false
        case .reset:
            // What was sent arrives first; a reset overtakes what the client's kernel does not have.
            _ = wait(0.02, socket)
            LoopbackSocket.reset(socket)
            return false
        }
    }

    private var head: [UInt8] {
        guard answer.endless == .header else { return answer.head }
        return Array("HTTP/1.1 200 OK\r\nX-Endless: ".utf8)
    }

    private func sendBody(to socket: borrowing Descriptor) -> Bool {
        if answer.endless != .none {
            let more = [UInt8](repeating: UInt8(ascii: "x"), count: Self.chunkBytes)
            while put(more[...], isBody: answer.endless == .body, to: socket) {}
            return false
        }
        let isCut = answer.bodyBytesMax != nil
        let body = answer.body.prefix(max(0, answer.bodyBytesMax ?? .max))
        var pause = answer.pause
        var sent = 0
        while true {
            if let reached = pause, sent >= min(reached.afterBytes, body.count) {
                pause = nil
                if wait(reached.seconds, socket) { return false }
            }
            if sent == body.count { break }
            let stop = min(sent + chunkBytes, pause.map { max(sent + 1, $0.afterBytes) } ?? .max, body.count)
            guard putPart(body[sent..<stop], to: socket) else { return false }
            if let speed = answer.bytesPerSecond, wait(Double(stop - sent) / Double(speed), socket) { return false }
            sent = stop
        }
        return answer.isChunked && !isCut ? put(Array("0\r\n\r\n".utf8)[...], to: socket) : true
    }

    /// A trickle is some drops a second.
    private var chunkBytes: Int {
        answer.bytesPerSecond.map { min(Self.chunkBytes, max(1, $0 / 20)) } ?? Self.chunkBytes
    }

    private func putPart(_ part: ArraySlice<UInt8>, to socket: borrowing Descriptor) -> Bool {
        guard answer.isChunked else { return put(part, isBody: true, to: socket) }
        let size = String(part.count, radix: 16)
        return put(Array("\(size)\r\n".utf8)[...], to: socket) && put(part, isBody: true, to: socket)
            && put(Array("\r\n".utf8)[...], to: socket)
    }

    private func put(_ bytes: ArraySlice<UInt8>, isBody: Bool = false, to socket: borrowing Descriptor) -> Bool {
        note(bytes.count, isBody ? bytes.count : 0)
        let missing = bytes.count - LoopbackSocket.send(bytes, to: socket)
        if missing > 0 { note(-missing, isBody ? -missing : 0) }
        return missing == 0
    }

    /// - Returns: whether the client went away meanwhile.
    private func wait(_ seconds: Double, _ socket: borrowing Descriptor) -> Bool {
        LoopbackSocket.waitForEnd(of: socket, seconds: seconds.isFinite ? seconds : nil)
    }
}
