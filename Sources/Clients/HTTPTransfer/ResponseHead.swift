internal import BytePath
internal import Transfer

/// What the head of an answer says, of what matters here.
struct ResponseHead {
    /// Of all heads of a transfer, redirections and all.
    private static let byteCountMax = 64 << 10
    static let tooLong = "the head of its answer has no end"
    private static let validatorByteCountMax = 512

    private var byteCount = 0
    private(set) var validator = ""
    private var lastModified = ""
    private(set) var retryAfter: UInt32 = 0
    private var encoding = ""
    private var contentLength: UInt64?
    private var contentRange = ""

    /// Reads one line.
    /// - Returns: what is wrong with it; nil where nothing is.
    mutating func take(_ line: UnsafeRawBufferPointer) -> String? {
        byteCount += line.count
        guard byteCount <= Self.byteCountMax else { return Self.tooLong }
        if line.starts(with: "HTTP/".utf8) {
            // Of a redirection nothing counts for what it leads to.
            let byteCount = byteCount
            self = ResponseHead()
            self.byteCount = byteCount
            return nil
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        let value = String(decoding: line[(colon + 1)...], as: UTF8.self).trimmed
        switch name {
        case "etag" where value.utf8.count <= Self.validatorByteCountMax: validator = value
        case "last-modified" where value.utf8.count <= Self.validatorByteCountMax: lastModified = value
        case "retry-after": retryAfter = UInt32(value) ?? 0
        case "content-encoding": encoding = value.lowercased()
        case "content-length": contentLength = UInt64(value)
        case "content-range": contentRange = value
        default: break
        }
        if validator.isEmpty { validator = lastModified }
        return nil
    }

    /// Why the body that follows is not wanted; nil where it is.
    func problem(status: Int32, _ request: TransferRequest) -> TransferFailure? {
        switch status {
        case 200: return problemOfWhole(request)
        case 206: return problemOfPart(request)
        case 404, 410: return TransferFailure(.notFound, "it has no such file (\(status))", number: status)
        case 416:
            return TransferFailure(.wrongLength, "its file is shorter than what is here already (416)", number: status)
        case 408, 425, 429, 500...599:
            return TransferFailure(.busy, "it cannot answer now (\(status))", number: status)
        case 401, 403, 407:
            return TransferFailure(.refused, "it does not give the file to us (\(status))", number: status)
        case 300...399:
            return TransferFailure(.badRedirect, "it leads on to nowhere (\(status))", number: status)
        default: return TransferFailure(.refused, "it answers with \(status)", number: status)
        }
    }

    private func problemOfWhole(_ request: TransferRequest) -> TransferFailure? {
        if let problem = problemOfEncoding { return problem }
        if request.part != nil { return TransferFailure(.noRanges, "it sends whole files only") }
        guard let contentLength else { return nil }
        if let size = request.size, size != contentLength {
            return TransferFailure(.wrongLength, "its file has \(contentLength) bytes, not \(size)")
        }
        if contentLength > request.sizeMax {
            return TransferFailure(
                .endless, "its file has \(contentLength) bytes, and at most \(request.sizeMax) may be")
        }
        return nil
    }

    private func problemOfPart(_ request: TransferRequest) -> TransferFailure? {
        if let problem = problemOfEncoding { return problem }
        guard let range = ContentRangeHeader(contentRange), range.start == request.first,
            request.isPartial
        else {
            return TransferFailure(.malformed, "it sends another part of the file than was asked for")
        }
        if let total = range.total {
            if let size = request.size, size != total {
                return TransferFailure(.wrongLength, "its file has \(total) bytes, not \(size)")
            }
            if total > request.sizeMax {
                return TransferFailure(.endless, "its file has \(total) bytes, and at most \(request.sizeMax) may be")
            }
        }
        return nil
    }

    private var problemOfEncoding: TransferFailure? {
        guard !["", "identity"].contains(encoding) else { return nil }
        return TransferFailure(.malformed, "it packs its answer (\(encoding.prefix(20))), which nobody asked for")
    }
}

/// `bytes FIRST-LAST/TOTAL`, the total may be a star.
private struct ContentRangeHeader {
    let start: UInt64
    let total: UInt64?

    init?(_ text: String) {
        guard text.lowercased().utf8.starts(with: "bytes ".utf8) else { return nil }
        let parts = text.dropFirst("bytes ".count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let start = UInt64(ends[0]), let last = UInt64(ends[1]), last >= start else {
            return nil
        }
        self.start = start
        if parts[1] == "*" {
            total = nil
        } else {
            guard let total = UInt64(parts[1]), last < total else { return nil }
            self.total = total
        }
    }
}

extension String {
    /// Without blanks and line ends around it.
    var trimmed: String {
        let isBlank = { (byte: UInt8) in [9, 10, 13, 32].contains(byte) }
        let bytes = utf8.drop(while: isBlank)
        return String(decoding: bytes.reversed().drop(while: isBlank).reversed(), as: UTF8.self)
    }
}
