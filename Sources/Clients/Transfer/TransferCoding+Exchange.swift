internal import BytePath
internal import Digests

extension TransferWriter {
    mutating func put(_ signing: TransferSigning?) {
        put(signing != nil)
        guard let signing else { return }
        for text in [signing.accessKey, signing.secretKey, signing.sessionToken, signing.region] { put(text.utf8) }
    }

    fileprivate mutating func put(_ headers: [TransferExchange.Header]) {
        put(UInt32(clamping: headers.count))
        for header in headers {
            put(header.name.utf8)
            put(header.value.utf8)
        }
    }
}

extension TransferReader {
    mutating func signing() throws(TransferCodingError) -> TransferSigning? {
        guard try flag() else { return nil }
        return TransferSigning(
            accessKey: try text(), secretKey: try text(), sessionToken: try text(), region: try text())
    }

    fileprivate mutating func headers() throws(TransferCodingError) -> [TransferExchange.Header] {
        var headers: [TransferExchange.Header] = []
        for _ in 0..<(try number(UInt32.self)) { headers.append(.init(try text(), try text())) }
        return headers
    }
}

extension TransferExchange: TransferMessage {
    package func encode(into writer: inout TransferWriter) {
        writer.put(number)
        writer.put(method.rawValue)
        writer.put(address.utf8)
        writer.put(headers)
        switch body {
        case .none: writer.put(0 as UInt8)
        case .bytes(let bytes):
            writer.put(1 as UInt8)
            writer.put(bytes)
        case .file(let file, let offset, let count):
            writer.put(2 as UInt8)
            writer.put(file.bytes)
            writer.put(offset)
            writer.put(count)
        }
        writer.put(digest.bytes)
        writer.put(signing)
    }

    package init(from reader: inout TransferReader) throws(TransferCodingError) {
        let number: UInt32 = try reader.number()
        guard let method = Method(rawValue: try reader.number()) else { throw TransferCodingError() }
        self.init(number: number, method: method, address: try reader.text())
        headers = try reader.headers()
        switch try reader.number(UInt8.self) {
        case 0: body = .none
        case 1: body = .bytes(try reader.data())
        case 2:
            body = .file(BytePath(bytes: try reader.data()), offset: try reader.number(), count: try reader.number())
        default: throw TransferCodingError()
        }
        let digest = try reader.data()
        guard digest.count == SHA256Digest.byteCount else { throw TransferCodingError() }
        self.digest = digest.withUnsafeBytes { SHA256Digest(bytes: $0) }
        signing = try reader.signing()
    }
}

extension TransferAnswer: TransferMessage {
    package func encode(into writer: inout TransferWriter) {
        writer.put(status)
        writer.put(headers)
        writer.put(body)
        writer.put(sent)
    }

    package init(from reader: inout TransferReader) throws(TransferCodingError) {
        self.init()
        status = try reader.number()
        headers = try reader.headers()
        body = try reader.data()
        sent = try reader.number()
    }
}
