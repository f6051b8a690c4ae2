internal import CCurl
internal import Transfer

/// How curl says that a transfer failed.
struct CurlResult {
    private let code: CURLcode
    private let isConnected: Bool

    /// - Parameter isConnected: whether anybody answered the call.
    init(_ code: CURLcode, isConnected: Bool) {
        self.code = code
        self.isConnected = isConnected
    }

    var failure: TransferFailure {
        let kind = kind
        if kind == .stalled { return TransferFailure(.stalled, "it sends nothing, or too slowly") }
        if code == CURLE_OPERATION_TIMEDOUT { return TransferFailure(kind, "it cannot be reached in time") }
        let message = String(cString: curl_easy_strerror(code))
        // The first word may be a name, such as SSL.
        let isWord = message.dropFirst().first?.isLowercase ?? false
        return TransferFailure(kind, isWord ? message.prefix(1).lowercased() + message.dropFirst() : message)
    }

    private var kind: TransferFailure.Kind {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR:
            .unreachable
        case CURLE_OPERATION_TIMEDOUT: isConnected ? .stalled : .unreachable
        case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_HTTP2,
            CURLE_HTTP2_STREAM, CURLE_WRITE_ERROR, CURLE_AGAIN:
            .interrupted
        case CURLE_TOO_MANY_REDIRECTS, CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT: .badRedirect
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS:
            .untrusted
        case CURLE_FILESIZE_EXCEEDED: .endless
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING: .malformed
        default: .interrupted
        }
    }
}
