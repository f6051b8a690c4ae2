internal import BytePath
internal import CCurl
internal import Digests
internal import Glibc
internal import LinuxSystem
internal import Transfer

/// One request to a store of objects and its answer, which is kept in memory.
final class HTTPExchange: CurlTransfer {
    var number: UInt32 { exchange.number }

    let curl: CurlHandle
    private let exchange: TransferExchange
    private let directory: TransferDirectory
    private var answer = TransferAnswer()
    private var headByteCount = 0
    /// Nil until the first bytes are to be sent.
    private var file: Descriptor?
    private var position: UInt64 = 0
    private var told: UInt64 = 0
    private var failure: TransferFailure?

    private static let headByteCountMax = 64 << 10
    /// What stores' clients look at.
    private static let headersKept: Set<String> = [
        "content-length", "etag", "retry-after", "x-amz-meta-sha256", "x-amz-bucket-region",
    ]

    init?(
        _ exchange: TransferExchange, _ settings: TransferSettings, _ budget: TransferBudget,
        below directory: TransferDirectory
    ) {
        guard let curl = CurlHandle(budget) else { return nil }
        self.curl = curl
        self.exchange = exchange
        self.directory = directory
        curl.open(exchange.address, settings)
        // Names in it mean what they say: "." and ".." are not looked for.
        curl.set(CURLOPT_PATH_AS_IS, 1)
        setMethod()
        for header in exchange.headers { curl.add(header: "\(header.name): \(header.value)") }
        if let signing = exchange.signing { curl.sign(signing, digest: exchange.digest.hexadecimal) }
        setCallbacks()
    }

    private var byteCount: UInt64 {
        switch exchange.body {
        case .none: 0
        case .bytes(let bytes): UInt64(bytes.count)
        case .file(_, _, let count): count
        }
    }

    private func setMethod() {
        switch exchange.method {
        case .get: break
        case .head: curl.set(CURLOPT_NOBODY, 1)
        case .put, .post:
            curl.set(CURLOPT_UPLOAD, 1)
            moss_curl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(clamping: byteCount))
            if exchange.method == .post { curl.set(CURLOPT_CUSTOMREQUEST, "POST") }
        case .delete: curl.set(CURLOPT_CUSTOMREQUEST, "DELETE")
        }
    }

    private func setCallbacks() {
        // Valid for as long as the handle is: both end with this value.
        let context = Unmanaged.passUnretained(self).toOpaque()
        for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA] {
            moss_curl_set_pointer(handle, option, context)
        }
        moss_curl_set_sink(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            HTTPExchange.of(context).take(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        moss_curl_set_sink(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            HTTPExchange.of(context).takeHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        moss_curl_set_sink(handle, CURLOPT_READFUNCTION) { bytes, size, count, context in
            HTTPExchange.of(context).give(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
        }
        moss_curl_set_seek(handle) { context, offset, origin in
            origin == SEEK_SET && HTTPExchange.of(context).goBack(to: offset)
                ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_CANTSEEK
        }
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> HTTPExchange {
        guard let context else { preconditionFailure("curl hands back the context it was given") }
        return Unmanaged<HTTPExchange>.fromOpaque(context).takeUnretainedValue()
    }

    // MARK: Sending

    /// - Returns: how many bytes were put into `buffer`; curl's code for giving up where they cannot be read.
    private func give(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let wanted = Int(clamping: min(UInt64(buffer.count), byteCount - position))
        guard wanted > 0 else { return 0 }
        guard curl.mayMove(wanted) else { return Int(CURL_READFUNC_PAUSE) }
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
        var count = wanted
        switch exchange.body {
        case .none: return 0
        case .bytes(let bytes): part.copyBytes(from: bytes[Int(position)...].prefix(wanted))
        case .file(let path, let offset, _):
            do throws(SystemError) {
                if file == nil { file = try directory.descriptor.openFile(path) }
                count = try file?.read(into: part, at: offset + position) ?? 0
                if count == 0 { throw SystemError(.inputOutput, call: "pread", path: path) }
            } catch {
                fail(TransferFailure(.local, error.number.message, number: error.number.rawValue))
                return Int(CURL_READFUNC_ABORT)
            }
        }
        position += UInt64(count)
        return count
    }

    /// The same bytes are sent once more where a connection turned out to be dead.
    private func goBack(to offset: curl_off_t) -> Bool {
        guard let place = UInt64(exactly: offset), place <= byteCount else { return false }
        position = place
        return true
    }

    // MARK: The answer

    private func takeHeader(_ line: UnsafeRawBufferPointer) -> Int {
        headByteCount += line.count
        guard headByteCount <= Self.headByteCountMax else {
            fail(TransferFailure(.endless, ResponseHead.tooLong))
            return 0
        }
        if line.starts(with: "HTTP/".utf8) {
            answer.headers = []
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            if Self.headersKept.contains(name) {
                let value = String(decoding: line[(colon + 1)...], as: UTF8.self).trimmed
                answer.headers.append(.init(name, value))
            }
        }
        return line.count
    }

    private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard answer.body.count + bytes.count <= TransferExchange.answerByteCountMax else {
            fail(
                TransferFailure(
                    .endless, "its answer has more than the \(TransferExchange.answerByteCountMax) bytes that may be"))
            return 0
        }
        answer.body += bytes
        return bytes.count
    }

    // MARK: Ends

    private func fail(_ failure: TransferFailure) {
        if self.failure == nil { self.failure = failure }
    }

    func news() -> UInt64? {
        guard position != told else { return nil }
        told = position
        return position
    }

    func cancelled() -> TransferEvent { failed(TransferFailure(.interrupted, "cancelled")) }

    func end(_ result: CURLcode) -> TransferEvent {
        if let failure { return failed(failure) }
        // What curl calls so when it will not take any more of a head.
        if result == CURLE_OUT_OF_MEMORY, answer.body.isEmpty {
            return failed(TransferFailure(.endless, ResponseHead.tooLong))
        }
        answer.status = curl.status
        answer.sent = position
        // A server that refuses need not read all that is sent to it.
        guard result == CURLE_OK || (result == CURLE_SEND_ERROR && answer.status >= 400) else {
            return failed(CurlResult(result, isConnected: curl.isConnected).failure)
        }
        return .answered(number, answer)
    }

    private func failed(_ failure: TransferFailure) -> TransferEvent {
        var failure = failure
        failure.byteCount = position
        failure.transferred = position
        failure.retryAfter = answer["retry-after"].flatMap { UInt32($0) } ?? 0
        return .failed(number, failure)
    }
}
