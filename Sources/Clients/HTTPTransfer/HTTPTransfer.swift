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
final class HTTPTransfer: CurlTransfer {
    var number: UInt32 { request.number }

    let curl: CurlHandle
    private let request: TransferRequest
    private let directory: TransferDirectory
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

    init?(
        _ request: TransferRequest, _ settings: TransferSettings, _ budget: TransferBudget,
        below directory: TransferDirectory
    ) {
        guard let curl = CurlHandle(budget) else { return nil }
        self.curl = curl
        self.request = request
        self.directory = directory
        position = request.offset
        told = request.offset
        setAddress(settings)
        setCondition()
    }

    // MARK: Asking

    private func setAddress(_ settings: TransferSettings) {
        curl.open(request.address, settings)
        // What was asked for in secret is not sent in the open.
        let isSecret = request.address.utf8.starts(with: "https:".utf8)
        curl.set(CURLOPT_REDIR_PROTOCOLS_STR, isSecret ? "https" : "http,https")
        curl.set(CURLOPT_FOLLOWLOCATION, 1)
        curl.set(CURLOPT_MAXREDIRS, 10)
        if let signing = request.signing {
            curl.sign(signing, digest: "UNSIGNED-PAYLOAD")
        } else if Self.hasNetrc {
            curl.set(CURLOPT_NETRC, Int(CURL_NETRC_OPTIONAL.rawValue))
        }
        // Valid for as long as the handle is: both end with this value.
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
            curl.set(CURLOPT_RANGE, "\(request.first)-\(last ?? "")")
        }
        let validator = request.validator
        guard !validator.isEmpty else { return }
        if request.onlyIfChanged {
            curl.add(header: validator.isEntityTag ? "If-None-Match: \(validator)" : "If-Modified-Since: \(validator)")
        } else if request.offset > 0, !validator.isWeakTag {
            curl.add(header: "If-Range: \(validator)")
        }
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
        guard curl.mayMove(bytes.count) else { return Int(CURL_WRITEFUNC_PAUSE) }
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
        let status = curl.status
        if let problem = head.problem(status: status, request) {
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

    func news() -> UInt64? {
        guard position != told else { return nil }
        told = position
        return position
    }

    func cancelled() -> TransferEvent { failed(TransferFailure(.interrupted, "cancelled")) }

    func end(_ result: CURLcode) -> TransferEvent {
        if let failure { return failed(failure) }
        // What curl calls so when it will not take any more of a head.
        if result == CURLE_OUT_OF_MEMORY, !hasBegun { return failed(TransferFailure(.endless, ResponseHead.tooLong)) }
        if !hasEnough, result != CURLE_OK {
            return failed(CurlResult(result, isConnected: hasBegun || curl.isConnected).failure)
        }
        if curl.status == 304, request.onlyIfChanged {
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
