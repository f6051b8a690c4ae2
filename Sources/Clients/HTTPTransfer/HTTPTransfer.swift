internal import BytePath
internal import CCurl
internal import Digests
internal import Glibc
internal import LinuxSystem
internal import Transfer

/// The directory that files are made in, for all transfers.
final class TransferDirectory {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}

/// One request and what comes of it.
final class HTTPTransfer {
    let handle: UnsafeMutableRawPointer
    var number: UInt32 { request.number }

    private let request: TransferRequest
    private let directory: TransferDirectory
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var head = ResponseHead()
    /// Nil until the first bytes are to be kept.
    private var file: Descriptor?
    private var hasBegun = false
    private var position: UInt64
    private var transferred: UInt64 = 0
    private var told: UInt64
    private var hasher: SHA256Hasher?
    private var failure: TransferFailure?
    /// All that was wanted is there, though more would come.
    private var hasEnough = false

    /// Waits until there is something left of what may come in a second.
    private(set) var isPaused = false
    private let budget: TransferBudget

    init?(
        _ request: TransferRequest, _ settings: TransferSettings, _ budget: TransferBudget,
        below directory: TransferDirectory
    ) {
        guard let handle = curl_easy_init() else { return nil }
        self.handle = UnsafeMutableRawPointer(handle)
        self.request = request
        self.directory = directory
        self.budget = budget
        position = request.offset
        told = request.offset
        setAddress(settings)
        setCondition()
    }

    deinit {
        curl_slist_free_all(headers)
        curl_easy_cleanup(handle)
    }

    // MARK: Asking

    private func setAddress(_ settings: TransferSettings) {
        moss_curl_set_string(handle, CURLOPT_URL, request.address)
        moss_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        // What was asked for in secret is not sent in the open.
        let isSecret = request.address.utf8.starts(with: "https:".utf8)
        moss_curl_set_string(handle, CURLOPT_REDIR_PROTOCOLS_STR, isSecret ? "https" : "http,https")
        set(CURLOPT_FOLLOWLOCATION, 1)
        set(CURLOPT_MAXREDIRS, 10)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_NETRC, Int((Self.hasNetrc ? CURL_NETRC_OPTIONAL : CURL_NETRC_IGNORED).rawValue))
        set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
        set(CURLOPT_PIPEWAIT, 1)
        set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        set(CURLOPT_BUFFERSIZE, 256 << 10)
        set(CURLOPT_CONNECTTIMEOUT, Int(settings.connectSeconds))
        set(CURLOPT_LOW_SPEED_TIME, Int(settings.stallSeconds))
        set(CURLOPT_LOW_SPEED_LIMIT, Int(settings.slowBytes))
        moss_curl_set_string(handle, CURLOPT_USERAGENT, "moss")
        if let authorities = CurrentProcess.environmentPath("SSL_CERT_FILE") {
            authorities.withCString { _ = moss_curl_set_string(handle, CURLOPT_CAINFO, $0) }
        }
        // Valid for as long as the handle is: both end in deinit.
        let context = Unmanaged.passUnretained(self).toOpaque()
        moss_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        moss_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        moss_curl_set_sink(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            HTTPTransfer.of(context).take(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        moss_curl_set_sink(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            HTTPTransfer.of(context).takeHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
    }

    /// Whether there is a file of names and passwords that can be read without waiting for somebody to write it.
    private static let hasNetrc: Bool = {
        guard let home = CurrentProcess.environmentPath("HOME"),
            let status = try? Descriptor.open(home.appending(".netrc"), .pathOnly).status()
        else { return false }
        return status.kind == .regular
    }()

    private func setCondition() {
        if request.isPartial {
            let last = (request.part?.upperBound ?? request.end).map { "\($0 - 1)" }
            moss_curl_set_string(handle, CURLOPT_RANGE, "\(request.first)-\(last ?? "")")
        }
        let validator = request.validator
        guard !validator.isEmpty else { return }
        if request.onlyIfChanged {
            add(header: validator.isEntityTag ? "If-None-Match: \(validator)" : "If-Modified-Since: \(validator)")
        } else if request.offset > 0, !validator.isWeakTag {
            add(header: "If-Range: \(validator)")
        }
    }

    private func add(header: String) {
        headers = curl_slist_append(headers, header)
        moss_curl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
    }

    private func set(_ option: CURLoption, _ value: Int) { moss_curl_set_long(handle, option, value) }

    func resume() {
        isPaused = false
        // What curl could not hand over it does now, and may be paused again by that.
        curl_easy_pause(handle, CURLPAUSE_CONT)
    }

    // MARK: Answers

    private static func of(_ context: UnsafeMutableRawPointer?) -> HTTPTransfer {
        guard let context else { preconditionFailure("curl hands back the context it was given") }
        return Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
    }

    /// - Returns: how many bytes were taken; any other number than all ends the transfer.
    private func takeHeader(_ line: UnsafeRawBufferPointer) -> Int {
        if let problem = head.take(line) {
            fail(.endless, problem)
            return 0
        }
        return line.count
    }

    private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard begin() else { return 0 }
        guard budget.isOpen else {
            isPaused = true
            return Int(CURL_WRITEFUNC_PAUSE)
        }
        budget.take(bytes.count)
        let rest = (request.wanted ?? .max) - position
        let wanted = UnsafeRawBufferPointer(rebasing: bytes.prefix(Int(clamping: rest)))
        let most = request.wanted ?? request.size ?? request.sizeMax
        guard UInt64(wanted.count) <= most - min(most, position) else {
            fail(
                .endless,
                "it sends more than the \(most) bytes that \(request.size == nil ? "may be" : "were promised")")
            return 0
        }
        guard keep(wanted) else { return 0 }
        hasEnough = wanted.count < bytes.count
        return wanted.count
    }

    private func keep(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do throws(SystemError) {
            if file == nil { file = try openFile() }
            try file?.write(bytes, at: position)
        } catch {
            fail(.local, error.number.message, number: error.number.rawValue)
            return false
        }
        hasher?.update(bytes)
        position += UInt64(bytes.count)
        transferred += UInt64(bytes.count)
        return true
    }

    /// Opens the file with what stays of it, and hashes that.
    private func openFile() throws(SystemError) -> Descriptor {
        let opened = try directory.descriptor.makeFile(request.file, .readWrite)
        let size = try opened.status().size
        if size < position { throw SystemError(.invalidArgument, call: "pread", path: request.file) }
        if size > position { try opened.truncate(to: position) }
        guard request.hashes else { return opened }
        hasher = SHA256Hasher()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        var offset: UInt64 = 0
        while offset < position {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(Int(clamping: position - offset)))
            let count = try opened.read(into: part, at: offset)
            guard count > 0 else { throw SystemError(.inputOutput, call: "pread", path: request.file) }
            hasher?.update(UnsafeRawBufferPointer(rebasing: part[..<count]))
            offset += UInt64(count)
        }
        return opened
    }

    /// Judges the head of the answer, once.
    /// - Returns: whether its body is wanted.
    private func begin() -> Bool {
        if hasBegun { return failure == nil }
        hasBegun = true
        let status = moss_curl_get_long(handle, CURLINFO_RESPONSE_CODE)
        if let problem = head.problem(status: Int32(clamping: status), request) {
            failure = problem
            return false
        }
        if status == 200, request.offset > 0 {
            // The server sends wholes only, or the file is another one now.
            position = 0
        }
        return true
    }

    private func fail(_ kind: TransferFailure.Kind, _ message: String, number: Int32 = 0) {
        if failure == nil { failure = TransferFailure(kind, message, number: number) }
    }

    // MARK: Ends

    /// How far the transfer is, if that is worth telling.
    func news() -> UInt64? {
        guard position != told else { return nil }
        told = position
        return position
    }

    func cancelled() -> TransferEvent { failed(TransferFailure(.interrupted, "cancelled")) }

    /// What to answer after curl is done.
    func end(_ result: CURLcode) -> TransferEvent {
        if let failure { return failed(failure) }
        // What curl calls so when it will not take any more of a head.
        if result == CURLE_OUT_OF_MEMORY, !hasBegun { return failed(TransferFailure(.endless, ResponseHead.tooLong)) }
        if !hasEnough, result != CURLE_OK {
            let isConnected = hasBegun || moss_curl_get_long(handle, CURLINFO_LOCAL_PORT) > 0
            return failed(CurlResult(result, isConnected: isConnected).failure)
        }
        let status = moss_curl_get_long(handle, CURLINFO_RESPONSE_CODE)
        if status == 304, request.onlyIfChanged {
            var unchanged = TransferResult()
            unchanged.isUnchanged = true
            unchanged.validator = head.validator
            return .finished(number, unchanged)
        }
        // An answer without a body was not looked at yet.
        guard begin() else { return failed(failure ?? TransferFailure(.malformed, "it answers nothing")) }
        let most = min(request.wanted ?? .max, request.part == nil ? request.size ?? .max : .max)
        if most != .max, request.size != nil || request.part != nil, position < most {
            return failed(TransferFailure(.interrupted, "it stopped at \(position) of \(most) bytes"))
        }
        guard keep(UnsafeRawBufferPointer(start: nil, count: 0)) else {
            return failed(failure ?? TransferFailure(.local, "the file cannot be made"))
        }
        var finished = TransferResult()
        finished.byteCount = position
        finished.transferred = transferred
        finished.digest = hasher?.finish()
        finished.validator = head.validator
        return .finished(number, finished)
    }

    private func failed(_ failure: TransferFailure) -> TransferEvent {
        var failure = failure
        failure.byteCount = file == nil ? request.offset : position
        failure.transferred = transferred
        failure.validator = head.validator
        failure.retryAfter = head.retryAfter
        return .failed(number, failure)
    }
}

extension TransferRequest {
    var isPartial: Bool { offset > 0 || end != nil || part != nil }

    /// The first byte of the server's file that is wanted.
    var first: UInt64 { (part?.lowerBound ?? 0) + offset }

    /// How long the file here has to become; nil for all there is.
    fileprivate var wanted: UInt64? { part.map { $0.upperBound - $0.lowerBound } ?? end }
}

extension String {
    fileprivate var isWeakTag: Bool { utf8.starts(with: "W/".utf8) }
    fileprivate var isEntityTag: Bool { isWeakTag || utf8.first == UInt8(ascii: "\"") }
}
