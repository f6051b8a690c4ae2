internal import BytePath
internal import Digests

/// A message that is not one.
package struct TransferCodingError: Error, Hashable, Sendable {}

/// Messages as bytes: a length (u32), a kind (u8), then fields in the order below; numbers little-endian, texts with a
/// length (u32) before them. Both ends are of one build, so nothing is versioned.
package protocol TransferMessage: Sendable {
    func encode(into writer: inout TransferWriter)
    init(from reader: inout TransferReader) throws(TransferCodingError)
}

package struct TransferWriter {
    fileprivate var bytes: [UInt8] = []

    mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }

    mutating func put(_ flag: Bool) { put(UInt8(flag ? 1 : 0)) }

    mutating func put(_ text: some Collection<UInt8>) {
        put(UInt32(clamping: text.count))
        bytes += text
    }

    mutating func put(_ number: UInt64?) {
        put(number != nil)
        put(number ?? 0 as UInt64)
    }
}

package struct TransferReader {
    private var bytes: ArraySlice<UInt8>

    fileprivate init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    private mutating func take(_ count: Int) throws(TransferCodingError) -> ArraySlice<UInt8> {
        guard count <= bytes.count else { throw TransferCodingError() }
        defer { bytes = bytes.dropFirst(count) }
        return bytes.prefix(count)
    }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws(TransferCodingError) -> Number
    {
        try take(Number.bitWidth / 8).reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    mutating func flag() throws(TransferCodingError) -> Bool { try number(UInt8.self) != 0 }

    mutating func data() throws(TransferCodingError) -> [UInt8] {
        Array(try take(Int(number(UInt32.self))))
    }

    mutating func text() throws(TransferCodingError) -> String { String(decoding: try data(), as: UTF8.self) }

    mutating func optional() throws(TransferCodingError) -> UInt64? {
        let isThere = try flag()
        let value = try number(UInt64.self)
        return isThere ? value : nil
    }

    fileprivate var isAtEnd: Bool { bytes.isEmpty }
}

/// Bytes from a socket, cut into messages.
package struct TransferStream<Message: TransferMessage>: Sendable {
    /// No message of ours is longer.
    private static var byteCountMax: Int { 8 << 20 }
    private var pending: [UInt8] = []

    package init() {}

    package mutating func append(_ bytes: UnsafeRawBufferPointer) { pending += bytes }

    /// The next whole message; nil until more has come.
    package mutating func next() throws(TransferCodingError) -> Message? {
        guard pending.count >= 4 else { return nil }
        let count = (0..<4).reversed().reduce(0) { $0 << 8 | Int(pending[$1]) }
        guard count <= Self.byteCountMax else { throw TransferCodingError() }
        guard pending.count >= 4 + count else { return nil }
        var reader = TransferReader(pending[4..<(4 + count)])
        let message = try Message(from: &reader)
        guard reader.isAtEnd else { throw TransferCodingError() }
        pending.removeFirst(4 + count)
        return message
    }
}

extension TransferMessage {
    /// The message with its length before it.
    package var encoded: [UInt8] {
        var writer = TransferWriter()
        encode(into: &writer)
        return withUnsafeBytes(of: UInt32(clamping: writer.bytes.count).littleEndian) { Array($0) } + writer.bytes
    }
}

extension TransferCommand: TransferMessage {
    package func encode(into writer: inout TransferWriter) {
        switch self {
        case .settings(let settings):
            writer.put(0 as UInt8)
            writer.put(settings.connectionsPerHost)
            writer.put(settings.connections)
            writer.put(settings.bandwidth)
            writer.put(settings.connectSeconds)
            writer.put(settings.stallSeconds)
            writer.put(settings.slowBytes)
        case .start(let request):
            writer.put(1 as UInt8)
            writer.put(request.number)
            writer.put(request.address.utf8)
            writer.put(request.file.bytes)
            writer.put(request.offset)
            writer.put(request.end)
            writer.put(request.part?.lowerBound)
            writer.put(request.part?.upperBound)
            writer.put(request.size)
            writer.put(request.sizeMax)
            writer.put(request.validator.utf8)
            writer.put(request.onlyIfChanged)
            writer.put(request.hashes)
            writer.put(request.signing)
        case .exchange(let exchange):
            writer.put(3 as UInt8)
            exchange.encode(into: &writer)
        case .cancel(let number):
            writer.put(2 as UInt8)
            writer.put(number)
        }
    }

    package init(from reader: inout TransferReader) throws(TransferCodingError) {
        switch try reader.number(UInt8.self) {
        case 0:
            var settings = TransferSettings()
            settings.connectionsPerHost = try reader.number()
            settings.connections = try reader.number()
            settings.bandwidth = try reader.number()
            settings.connectSeconds = try reader.number()
            settings.stallSeconds = try reader.number()
            settings.slowBytes = try reader.number()
            self = .settings(settings)
        case 1:
            var request = TransferRequest(
                number: try reader.number(), address: try reader.text(), file: BytePath(bytes: try reader.data()),
                sizeMax: 0)
            request.offset = try reader.number()
            request.end = try reader.optional()
            let (start, end) = (try reader.optional(), try reader.optional())
            if let start, let end {
                guard start <= end else { throw TransferCodingError() }
                request.part = start..<end
            }
            request.size = try reader.optional()
            request.sizeMax = try reader.number()
            request.validator = try reader.text()
            request.onlyIfChanged = try reader.flag()
            request.hashes = try reader.flag()
            request.signing = try reader.signing()
            self = .start(request)
        case 2: self = .cancel(try reader.number())
        case 3: self = .exchange(try TransferExchange(from: &reader))
        default: throw TransferCodingError()
        }
    }
}

extension TransferEvent: TransferMessage {
    package func encode(into writer: inout TransferWriter) {
        switch self {
        case .progress(let number, let count):
            writer.put(0 as UInt8)
            writer.put(number)
            writer.put(count)
        case .finished(let number, let result):
            writer.put(1 as UInt8)
            writer.put(number)
            writer.put(result.isUnchanged)
            writer.put(result.byteCount)
            writer.put(result.transferred)
            writer.put(result.digest?.bytes ?? [])
            writer.put(result.validator.utf8)
        case .failed(let number, let failure):
            writer.put(2 as UInt8)
            writer.put(number)
            writer.put(failure.kind.rawValue)
            writer.put(failure.message.utf8)
            writer.put(failure.number)
            writer.put(failure.retryAfter)
            writer.put(failure.byteCount)
            writer.put(failure.transferred)
            writer.put(failure.validator.utf8)
        case .answered(let number, let answer):
            writer.put(3 as UInt8)
            writer.put(number)
            answer.encode(into: &writer)
        }
    }

    package init(from reader: inout TransferReader) throws(TransferCodingError) {
        switch try reader.number(UInt8.self) {
        case 0: self = .progress(try reader.number(), try reader.number())
        case 1:
            let number: UInt32 = try reader.number()
            var result = TransferResult()
            result.isUnchanged = try reader.flag()
            result.byteCount = try reader.number()
            result.transferred = try reader.number()
            let digest = try reader.data()
            if digest.count == SHA256Digest.byteCount {
                result.digest = digest.withUnsafeBytes { SHA256Digest(bytes: $0) }
            } else if !digest.isEmpty {
                throw TransferCodingError()
            }
            result.validator = try reader.text()
            self = .finished(number, result)
        case 2:
            let number: UInt32 = try reader.number()
            guard let kind = TransferFailure.Kind(rawValue: try reader.number()) else { throw TransferCodingError() }
            var failure = TransferFailure(kind, try reader.text(), number: try reader.number())
            failure.retryAfter = try reader.number()
            failure.byteCount = try reader.number()
            failure.transferred = try reader.number()
            failure.validator = try reader.text()
            self = .failed(number, failure)
        case 3:
            let number: UInt32 = try reader.number()
            self = .answered(number, try TransferAnswer(from: &reader))
        default: throw TransferCodingError()
        }
    }
}
