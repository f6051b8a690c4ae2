/// An answer and how it goes out: right by default, and then whatever a script makes of it.
struct HTTPAnswer: Sendable {
    struct Header: Sendable {
        var name: String
        var value: String
    }

    /// What the connection comes to after the answer.
    enum End: Sendable {
        case keep, close, reset
    }

    /// What is sent until the other side has enough.
    enum Endless: Sendable {
        case none, body, header
    }

    var status: Int
    var headers: [Header] = []
    var body: [UInt8] = []
    /// Where the body lies in the file: a part answers for these bytes.
    var offset = 0

    // How it goes out.

    /// Sent in place of everything.
    var raw: [UInt8]?
    /// Sent before the status line.
    var preface: [UInt8] = []
    /// Sent behind the body.
    var appendix: [UInt8] = []
    var isChunked = false
    var endless = Endless.none
    /// Nothing is sent until so many seconds are over; infinity waits for the other side to go.
    var silenceSeconds = 0.0
    /// After so many bytes of the body comes a pause.
    var pause: (afterBytes: Int, seconds: Double)?
    var bytesPerSecond: Int?
    /// After so many bytes of the body comes the end.
    var bodyBytesMax: Int?
    var end = End.keep
    /// What is sent before the body of the request was read.
    var isEarly = false

    subscript(name: String) -> String? {
        get { headers.first { $0.name == name }?.value }
        set {
            headers.removeAll { $0.name == name }
            if let newValue { headers.append(Header(name: name, value: newValue)) }
        }
    }

    /// Status line and headers.
    var head: [UInt8] {
        let lines =
            ["HTTP/1.1 \(status) \(Self.reasons[status] ?? "Whatever")"] + headers.map { "\($0.name): \($0.value)" }
        return Array(lines.joined(separator: "\r\n").utf8) + Array("\r\n\r\n".utf8)
    }

    private static let reasons = [
        200: "OK", 206: "Partial Content", 301: "Moved Permanently", 302: "Found", 303: "See Other",
        304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request",
        403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 416: "Range Not Satisfiable",
        429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable",
    ]

    /// A short text.
    static func text(_ status: Int, _ text: String) -> HTTPAnswer {
        var answer = HTTPAnswer(status: status, body: Array(text.utf8))
        answer["Content-Type"] = "text/plain"
        answer["Content-Length"] = "\(answer.body.count)"
        return answer
    }
}

extension HTTPAnswer {
    /// What a server that does everything right says of `file`.
    static func right(to request: HTTPRequest, _ file: ServedFiles.File?) -> HTTPAnswer {
        guard ["GET", "HEAD"].contains(request.method) else {
            var answer = text(405, "only GET and HEAD\n")
            answer["Allow"] = "GET, HEAD"
            return answer
        }
        guard let file else { return text(404, "no such file\n") }
        if isUnchanged(file, request) {
            var answer = HTTPAnswer(status: 304)
            answer.describe(file)
            return answer
        }
        // Ranges are for GET, and only of the version that If-Range names.
        guard request.method == "GET", let range = request.range, isCurrent(file, request["If-Range"]) else {
            return whole(file)
        }
        return part(of: file, range)
    }

    static func whole(_ file: ServedFiles.File) -> HTTPAnswer {
        var answer = HTTPAnswer(status: 200, body: file.bytes)
        answer.describe(file)
        answer["Content-Length"] = "\(file.bytes.count)"
        return answer
    }

    /// One range; anything else is as good as none.
    private static func part(of file: ServedFiles.File, _ range: String) -> HTTPAnswer {
        let count = file.bytes.count
        let ends =
            range.hasPrefix("bytes=") ? range.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false) : []
        guard ends.count == 2, ends.contains(where: { !$0.isEmpty }),
            ends.allSatisfy({ $0.isEmpty || $0.first?.isNumber == true && UInt64($0) != nil })
        else {
            return whole(file)
        }
        let last = ends[1].isEmpty ? count - 1 : Int(clamping: UInt64(ends[1]) ?? 0)
        let first = ends[0].isEmpty ? count - min(count, last) : Int(clamping: UInt64(ends[0]) ?? 0)
        let stop = ends[0].isEmpty ? count : min(count, last &+ 1 > 0 ? last &+ 1 : count)
        if !ends[0].isEmpty && !ends[1].isEmpty && last < first { return whole(file) }
        guard first < stop else {
            var answer = text(416, "")
            answer["Content-Range"] = "bytes */\(count)"
            return answer
        }
        var answer = HTTPAnswer(status: 206, body: Array(file.bytes[first..<stop]), offset: first)
        answer.describe(file)
        answer["Content-Range"] = "bytes \(first)-\(stop - 1)/\(count)"
        answer["Content-Length"] = "\(stop - first)"
        return answer
    }

    private mutating func describe(_ file: ServedFiles.File) {
        self["ETag"] = file.entityTag
        self["Last-Modified"] = HTTPDate.text(file.modified)
        self["Accept-Ranges"] = "bytes"
        if status != 304 { self["Content-Type"] = "application/octet-stream" }
    }

    private static func isUnchanged(_ file: ServedFiles.File, _ request: HTTPRequest) -> Bool {
        if let tags = request["If-None-Match"] {
            return tags.split(separator: ",").contains { tag in
                let tag = tag.drop { $0 == " " }
                return tag == "*" || (tag.hasPrefix("W/") ? tag.dropFirst(2) : tag) == file.entityTag
            }
        }
        return request["If-Modified-Since"].flatMap(HTTPDate.seconds).map { file.modified <= $0 } ?? false
    }

    /// A weak tag names no bytes, so it never matches here.
    private static func isCurrent(_ file: ServedFiles.File, _ condition: String?) -> Bool {
        guard let condition else { return true }
        return condition == file.entityTag || HTTPDate.seconds(condition) == file.modified
    }
}
