import BytePath
import Digests
import TestSupport
import Testing
import Transfer

@Suite struct TransferMessageTests {
    private static func commands(_ generator: inout SeededGenerator) -> [TransferCommand] {
        var request = TransferRequest(
            number: .random(in: 0 ... .max, using: &generator), address: "https://host/é?", file: "a\u{1}b",
            sizeMax: .random(in: 0 ... .max, using: &generator))
        request.offset = .random(in: 0 ... .max, using: &generator)
        request.end = Bool.random(using: &generator) ? 7 : nil
        request.size = Bool.random(using: &generator) ? .max : nil
        request.validator = "\"tag\""
        request.onlyIfChanged = .random(using: &generator)
        request.hashes = .random(using: &generator)
        var settings = TransferSettings()
        settings.bandwidth = .random(in: 0 ... .max, using: &generator)
        settings.slowBytes = 3
        var exchange = TransferExchange(number: 4, method: .put, address: "https://host/a?b=")
        exchange.headers = [.init("x-a", "1"), .init("x-b", "")]
        exchange.digest = Array("x".utf8).withUnsafeBytes { SHA256Digest(hashing: $0) }
        let bodies: [TransferExchange.Body] = [.none, .bytes([1, 2]), .file("a/b", offset: .max, count: 5)]
        exchange.body = bodies[Int.random(in: 0..<3, using: &generator)]
        if Bool.random(using: &generator) {
            let signing = TransferSigning(accessKey: "a", secretKey: "s", sessionToken: "t", region: "r")
            (exchange.signing, request.signing) = (signing, signing)
        }
        return [.start(request), .settings(settings), .cancel(9), .exchange(exchange)]
    }

    private static let events: [TransferEvent] = {
        var result = TransferResult()
        result.isUnchanged = true
        result.byteCount = 5
        result.transferred = 4
        result.digest = Array("x".utf8).withUnsafeBytes { SHA256Digest(hashing: $0) }
        result.validator = "Mon"
        var failure = TransferFailure(.busy, "it cannot answer now", number: 503)
        (failure.retryAfter, failure.byteCount, failure.transferred, failure.validator) = (1, 2, 3, "v")
        let failures = TransferFailure.Kind.allCases.map { TransferEvent.failed(0, TransferFailure($0, "")) }
        var answer = TransferAnswer()
        (answer.status, answer.sent, answer.body) = (404, 7, Array("<x/>".utf8))
        answer.headers = [.init("etag", "\"1\"")]
        return [.answered(5, answer), .answered(6, TransferAnswer())]
            + [.progress(1, .max), .finished(2, result), .finished(2, TransferResult()), .failed(3, failure)]
            + failures
    }()

    /// Cut anywhere, messages come out as they went in.
    @Test func readsBackWhatWasWritten() throws {
        var generator = SeededGenerator.forTest()
        for _ in 0..<200 {
            let commands = Self.commands(&generator)
            try expectSame(commands, &generator)
            try expectSame(Self.events, &generator)
        }
    }

    private func expectSame<Message: TransferMessage & Equatable>(
        _ messages: [Message], _ generator: inout SeededGenerator
    ) throws {
        let bytes = messages.flatMap(\.encoded)
        var stream = TransferStream<Message>()
        var read: [Message] = []
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + .random(in: 1...64, using: &generator))
            Array(bytes[position..<end]).withUnsafeBytes { stream.append($0) }
            while let message = try stream.next() { read.append(message) }
            position = end
        }
        #expect(read == messages)
    }

    /// Bytes that are no messages are refused; none makes the reader trap.
    @Test func refusesWhatIsNone() {
        var generator = SeededGenerator.forTest()
        let good = Self.events.flatMap(\.encoded)
        for _ in 0..<2000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^= UInt8.random(
                    in: 1...255, using: &generator)
            }
            var stream = TransferStream<TransferEvent>()
            bytes.withUnsafeBytes { stream.append($0) }
            while let event = try? stream.next() { _ = event }
        }
        var endless = TransferStream<TransferEvent>()
        [UInt8]([0xff, 0xff, 0xff, 0x7f]).withUnsafeBytes { endless.append($0) }
        #expect(throws: TransferCodingError.self) { try endless.next() }
    }
}
