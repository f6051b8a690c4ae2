internal import LinuxSystem

/// A request's line and headers, as the client wrote them.
package struct HTTPRequest: Sendable, Hashable {
    package struct Header: Sendable, Hashable {
        package let name: String
        package let value: String
    }

    package let method: String
    /// What stood in the request line, query included.
    package let target: String
    package let version: String
    package let headers: [Header]

    /// The value of the first header of that name, whatever its case.
    package subscript(name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The target without its query, percent signs decoded; nil where these do not make UTF-8.
    package var path: String? {
        var bytes: [UInt8] = []
        var rest = Array(target.utf8.prefix { $0 != UInt8(ascii: "?") })[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            rest = rest.dropFirst(2)
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    package var range: String? { self["Range"] }

    var contentLength: Int { self["Content-Length"].flatMap { Int($0) } ?? 0 }

    var keepsConnection: Bool {
        let connection = self["Connection"]?.lowercased() ?? ""
        return version == "HTTP/1.1" ? !connection.contains("close") : connection.contains("keep-alive")
    }

    /// - Parameter head: up to and without the empty line.
    init?(head: [UInt8]) {
        // CR and LF together are one Character: lines are cut as bytes.
        var lines = head.split(separator: UInt8(ascii: "\n")).map { line in
            String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
        }[...]
        guard let words = lines.popFirst()?.split(separator: " "), words.count == 3 else { return nil }
        method = String(words[0])
        target = String(words[1])
        version = String(words[2])
        headers = lines.compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return Header(name: String(line[..<colon]), value: String(value))
        }
    }
}

/// Requests out of a connection's bytes, one after the other.
struct HTTPRequestReader {
    private static let headBytesMax = 1 << 20
    private var buffered: [UInt8] = []

    /// The next request; nil at the end of the connection, and for what is none.
    mutating func next(from socket: borrowing Descriptor) -> HTTPRequest? {
        while true {
            if let end = Self.endOfHead(buffered) {
                let head = Array(buffered[..<end])
                buffered.removeFirst(end + 4)
                return HTTPRequest(head: head)
            }
            let more = LoopbackSocket.receive(socket)
            if more.isEmpty || buffered.count > Self.headBytesMax { return nil }
            buffered += more
        }
    }

    /// Takes `count` bytes of a body; fewer at the end of the connection.
    mutating func body(_ count: Int, from socket: borrowing Descriptor) -> [UInt8] {
        while buffered.count < count {
            let more = LoopbackSocket.receive(socket)
            if more.isEmpty { break }
            buffered += more
        }
        let body = Array(buffered.prefix(count))
        buffered.removeFirst(body.count)
        return body
    }

    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        let end = Array("\r\n\r\n".utf8)
        guard bytes.count >= end.count else { return nil }
        return (0...bytes.count - end.count).first { bytes[$0..<$0 + end.count].elementsEqual(end) }
    }
}
