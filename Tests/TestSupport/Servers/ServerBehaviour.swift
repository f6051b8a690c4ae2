/// What a ``HostileServer`` does to one request.
///
/// Counts of bytes are of the body, so that 0 is between headers and body.
package indirect enum ServerBehaviour: Sendable, Hashable {
    case normal
    /// Several at once, the first one first.
    case all([ServerBehaviour])

    // Answers that are no file.

    case status(Int, retryAfter: Int? = nil)
    /// The location goes out as it is: relative, to another host, `file:///etc/passwd`.
    case redirect(String, status: Int = 302)
    /// 200 with a text that a person would read, as networks that ask for a login send.
    case page(String)
    /// Bytes instead of an answer, and then the end of the connection.
    case garbage([UInt8])

    // Time.

    /// Nothing comes for so many seconds, infinity: until the client goes; then the answer.
    case silence(seconds: Double)
    case stall(afterBytes: Int, seconds: Double = .infinity)
    case trickle(bytesPerSecond: Int)

    // Ends.

    /// No byte of an answer.
    case hangUp
    /// The end before all that Content-Length promises.
    case truncate(afterBytes: Int)
    case reset(afterBytes: Int)
    /// A right answer, and the end of the connection without a word of that in its headers.
    case closeAfterwards

    // Lies.

    /// Content-Length as it goes out: longer, shorter, negative, huge, no number; nil leaves it out.
    case contentLength(String?)
    /// One bit of the file's byte there is wrong, whichever part is asked for.
    case flip(at: Int)
    case ignoreRange
    /// Says that it is this part, whichever it is.
    case contentRange(String)
    /// The bytes that lie so much further on in the file, as if they were those that were asked for.
    case shiftRange(by: Int)
    /// From this answer on the file has other bytes and another entity tag.
    case change(to: [UInt8])
    case header(String, String)

    // Too much.

    case endlessBody
    case endlessHeader
    case manyHeaders(Int)

    // What the standard allows or forbids and clients get wrong.

    /// Compressed although nobody asked for it.
    case gzip
    /// Chunked, without Content-Length; with a number it ends there, in the middle.
    case chunked(endingAfterBytes: Int? = nil)
    /// So many answers 103 before the one that counts.
    case interim(Int)
    /// The answer, and right behind it bytes that a client may take for the answer to its next request.
    case unasked([UInt8])
    /// Answers and ends the connection while the request's body is still on its way.
    case early
}

extension ServerBehaviour {
    /// What the file becomes before the answer.
    var change: [UInt8]? {
        switch self {
        case .change(let bytes): bytes
        case .all(let several): several.compactMap(\.change).last
        default: nil
        }
    }

    /// - Parameter file: what is asked for, as it was when the request came.
    func apply(to answer: inout HTTPAnswer, _ file: ServedFiles.File?) {
        switch self {
        case .normal, .change: break
        case .all(let several): for behaviour in several { behaviour.apply(to: &answer, file) }
        case .status, .redirect, .page, .garbage: replace(&answer)
        case .silence(let seconds): answer.silenceSeconds = seconds
        case .stall(let count, let seconds): answer.pause = (count, seconds)
        case .trickle(let speed): answer.bytesPerSecond = max(1, speed)
        case .hangUp, .truncate, .reset, .closeAfterwards: cutShort(&answer)
        case .contentLength, .flip, .ignoreRange, .contentRange, .shiftRange, .header: lie(&answer, file)
        case .endlessBody:
            answer.endless = .body
            answer["Content-Length"] = nil
        case .endlessHeader: answer.endless = .header
        case .manyHeaders(let count):
            for number in 0..<count { answer["X-Number-\(number)"] = "\(number)" }
        case .gzip, .chunked, .interim, .unasked, .early: surprise(&answer)
        }
    }

    private func replace(_ answer: inout HTTPAnswer) {
        switch self {
        case .status(let status, let seconds):
            answer = .text(status, "status \(status)\n")
            answer["Retry-After"] = seconds.map { "\($0)" }
        case .redirect(let location, let status):
            answer = .text(status, "elsewhere\n")
            answer["Location"] = location
        case .page(let text):
            answer = .text(200, text)
        case .garbage(let bytes):
            answer.raw = bytes
            answer.end = .close
        default: break
        }
    }

    private func cutShort(_ answer: inout HTTPAnswer) {
        answer.end = .close
        switch self {
        case .hangUp: answer.raw = []
        case .truncate(let count): answer.bodyBytesMax = count
        case .reset(let count):
            answer.bodyBytesMax = count
            answer.end = .reset
        default: break
        }
    }

    private func lie(_ answer: inout HTTPAnswer, _ file: ServedFiles.File?) {
        switch self {
        case .contentLength(let length):
            answer["Content-Length"] = length
            answer.end = .close
        case .flip(let place):
            if answer.body.indices.contains(place - answer.offset) { answer.body[place - answer.offset] ^= 0x10 }
        case .ignoreRange:
            if let file, answer.status == 206 || answer.status == 416 { answer = .whole(file) }
        case .contentRange(let range):
            answer.status = 206
            answer["Content-Range"] = range
        case .shiftRange(let distance):
            guard let file, answer.status == 206 else { return }
            let count = file.bytes.count
            answer.body = answer.body.indices.map {
                file.bytes[((answer.offset + $0 + distance) % count + count) % count]
            }
        case .header(let name, let value):
            answer[name] = value
        default: break
        }
    }

    private func surprise(_ answer: inout HTTPAnswer) {
        switch self {
        case .gzip:
            answer.body = Gzip.stored(answer.body)
            answer["Content-Encoding"] = "gzip"
            answer["Content-Length"] = "\(answer.body.count)"
        case .chunked(let count):
            answer.isChunked = true
            answer["Content-Length"] = nil
            answer["Transfer-Encoding"] = "chunked"
            answer.bodyBytesMax = count
            if count != nil { answer.end = .close }
        case .interim(let count):
            let hint = Array("HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n".utf8)
            for _ in 0..<count { answer.preface += hint }
        case .unasked(let bytes):
            answer.appendix = bytes
        case .early:
            answer.isEarly = true
            answer.end = .close
        default: break
        }
    }
}
