internal import CCurl
internal import Transfer

/// How curl says that a transfer failed.
struct CurlResult {
    private let code: CURLcode

    init(_ code: CURLcode) { self.code = code }

    var failure: TransferFailure {
        let kind = kind
        if kind == .stalled { return TransferFailure(.stalled, "it sends nothing, or too slowly") }
        let message = String(cString: curl_easy_strerror(code))
        return TransferFailure(kind, message.prefix(1).lowercased() + message.dropFirst())
    }

    private var kind: TransferFailure.Kind {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR:
            .unreachable
        case CURLE_OPERATION_TIMEDOUT: .stalled
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
