internal import BytePath
internal import CCurl
internal import Glibc
internal import LinuxSystem
internal import Transfer

/// One of curl's transfers, and what all of ours have in common.
final class CurlHandle {
    let raw: UnsafeMutableRawPointer
    private var headers: UnsafeMutablePointer<curl_slist>?

    private let budget: TransferBudget
    /// Waits until there is something left of what may come and go in a second.
    private(set) var isPaused = false

    init?(_ budget: TransferBudget) {
        guard let raw = curl_easy_init() else { return nil }
        self.raw = UnsafeMutableRawPointer(raw)
        self.budget = budget
    }

    deinit {
        curl_slist_free_all(headers)
        curl_easy_cleanup(raw)
    }

    /// Whether so many bytes may come or go now; else curl is to be told to wait for ``resume()``.
    func mayMove(_ count: Int) -> Bool {
        guard budget.isOpen else {
            isPaused = true
            return false
        }
        budget.take(count)
        return true
    }

    func resume() {
        isPaused = false
        // What curl could not hand over it does now, and may be told to wait again by that.
        curl_easy_pause(raw, CURLPAUSE_CONT)
    }

    /// Whether anybody answered the call.
    var isConnected: Bool { moss_curl_get_long(raw, CURLINFO_LOCAL_PORT) > 0 }

    var status: Int32 { Int32(clamping: moss_curl_get_long(raw, CURLINFO_RESPONSE_CODE)) }

    func set(_ option: CURLoption, _ value: Int) { moss_curl_set_long(raw, option, value) }
    func set(_ option: CURLoption, _ text: String) { moss_curl_set_string(raw, option, text) }

    func add(header: String) {
        headers = curl_slist_append(headers, header)
        moss_curl_set_pointer(raw, CURLOPT_HTTPHEADER, headers)
    }

    /// Where it leads, and how long it may take.
    func open(_ address: String, _ settings: TransferSettings) {
        set(CURLOPT_URL, address)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
        set(CURLOPT_PIPEWAIT, 1)
        set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        set(CURLOPT_BUFFERSIZE, 256 << 10)
        set(CURLOPT_CONNECTTIMEOUT, Int(settings.connectSeconds))
        set(CURLOPT_LOW_SPEED_TIME, Int(settings.stallSeconds))
        set(CURLOPT_LOW_SPEED_LIMIT, Int(settings.slowBytes))
        set(CURLOPT_USERAGENT, "moss")
        if let authorities = CurrentProcess.environmentPath("SSL_CERT_FILE") {
            authorities.withCString { _ = moss_curl_set_string(raw, CURLOPT_CAINFO, $0) }
        }
    }

    /// Signs the request; `digest` is the body's SHA-256. It leads nowhere else then: what was signed is for one server.
    ///
    /// curl signs address and headers as they are given, so both have to be as the signature's rules want them.
    func sign(_ signing: TransferSigning, digest: String) {
        set(CURLOPT_AWS_SIGV4, "aws:amz:\(signing.region):s3")
        set(CURLOPT_USERNAME, signing.accessKey)
        set(CURLOPT_PASSWORD, signing.secretKey)
        set(CURLOPT_FOLLOWLOCATION, 0)
        add(header: "x-amz-content-sha256: \(digest)")
        if !signing.sessionToken.isEmpty { add(header: "x-amz-security-token: \(signing.sessionToken)") }
    }
}

/// What the loop knows of each transfer.
protocol CurlTransfer: AnyObject {
    var number: UInt32 { get }
    var curl: CurlHandle { get }
    /// How far it is, if that is worth telling.
    func news() -> UInt64?
    func cancelled() -> TransferEvent
    /// What to answer after curl is done.
    func end(_ result: CURLcode) -> TransferEvent
}

extension CurlTransfer {
    var handle: UnsafeMutableRawPointer { curl.raw }
    var isPaused: Bool { curl.isPaused }
    func resume() { curl.resume() }
}
