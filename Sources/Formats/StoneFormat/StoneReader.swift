import Digests
import PackageModel
import Zstandard

/// Reads a stone from a source in one pass and with bounded memory: the header, then payload by payload.
///
/// For each payload that `nextPayload` returns, call exactly one of the `read…` functions or `skipPayload`; calling
/// `nextPayload` again skips. The checksum of every payload is verified over its stored bytes, skipped and unknown ones
/// included, and when `nextPayload` returns nil the file has been read to its last byte. After an error every
/// call throws `unusable`.
///
/// The order of payloads is free. A consumer that needs the Index before the Content, which is how all known writers put
/// them, must read a stone with another order twice.
package struct StoneReader<Source: ByteSource & ~Copyable>: ~Copyable {
    package typealias Failure = StoneReadError<Source.Failure>

    package let header: StoneHeader
    package let limits: StoneLimits
    /// Where the header of the current payload stands in the file.
    package internal(set) var payloadOffset: UInt64 = 0
    /// The stone without its content, as far as it was read; nil unless asked for.
    package internal(set) var manifest: StoneManifest?

    var source: Source
    var input: InputBuffer
    var decompressor: Decompressor
    let hasher: XXH3Hasher
    /// The payload that is being read.
    var current: PayloadHeader?
    /// Bytes of it that were not consumed.
    var storedRemaining: UInt64 = 0
    /// Plain bytes of the current Content payload that were not delivered.
    var plainRemaining: UInt64 = 0
    var frameEnded = false
    private var payloadsSeen = 0
    private var contentSeen = false
    /// What the payloads of each kind, this one included, have together.
    private var totals: [PayloadKind: RecordTotals] = [:]
    /// Stored bytes of all payloads but Content.
    private var storedTotal: UInt64 = 0
    var isUsable = true

    /// Reads the header.
    ///
    /// - Parameter collectsManifest: keeps the stored bytes of all payloads but Content for `manifest`, which takes
    ///   memory up to the limits for each of them.
    package init(
        _ source: consuming Source, limits: StoneLimits = StoneLimits(), collectsManifest: Bool = false
    ) throws(Failure) {
        var source = source
        var input = InputBuffer(capacity: 256 << 10)
        while input.count < StoneHeader.byteCount {
            do throws(Source.Failure) {
                guard try input.fill(from: &source) else { break }
            } catch {
                throw .source(error)
            }
        }
        let header: StoneHeader
        do throws(StoneError) {
            header = try StoneHeader(decoding: input.bytes)
        } catch {
            throw .stone(error)
        }
        input.consume(StoneHeader.byteCount)
        decompressor = try Self.makeDecompressor()
        self.header = header
        self.limits = limits
        self.source = source
        self.input = input
        hasher = XXH3Hasher(.bits64)
        manifest = collectsManifest ? StoneManifest(fileType: header.fileType) : nil
    }

    private static func makeDecompressor() throws(Failure) -> Decompressor {
        do throws(ZstandardError) {
            return try Decompressor()
        } catch {
            throw .stone(StoneError(.outOfMemory, error.message))
        }
    }

    /// The header of the next payload; nil after the last one, once the end of the file has been seen.
    package mutating func nextPayload() throws(Failure) -> PayloadHeader? {
        if current != nil { try skipPayload() }
        try checkUsable()
        if payloadsSeen == Int(header.payloadCount) {
            let more = input.count > 0 ? true : try fill()
            guard !more else {
                throw fail(.trailingBytes, "bytes follow the last of \(header.payloadCount) payloads")
            }
            return nil
        }
        payloadOffset = input.offset
        while input.count < PayloadHeader.byteCount {
            guard try fill() else {
                throw fail(
                    .truncated,
                    "the file ends before payload \(payloadsSeen + 1) of the \(header.payloadCount) it should have")
            }
        }
        let payload = PayloadHeader(decoding: input.bytes)
        input.consume(PayloadHeader.byteCount)
        current = payload
        try check(payload)
        payloadsSeen += 1
        storedRemaining = payload.storedSize
        hasher.reset()
        if payload.kind == .content { try beginContent(payload) }
        return payload
    }

    /// Reads over what is left of the current payload and verifies its checksum.
    package mutating func skipPayload() throws(Failure) {
        try checkUsable()
        guard let payload = current else { return }
        if manifest != nil, ![.content, .frames].contains(payload.kind), storedRemaining == payload.storedSize {
            _ = try readStored()
            return
        }
        while let bytes = try stored() { consume(bytes.count) }
        try finishPayload(payload)
    }

    /// The stored bytes of the current payload, which must not be Content, verified and as they are in the file.
    package mutating func readStored() throws(Failure) -> [UInt8] {
        let payload = try begin { $0 != .content }
        guard payload.storedSize <= limits.storedSizeMax(payload.kind) else {
            throw fail(
                .limitExceeded,
                "the payload has \(payload.storedSize) bytes, more than \(limits.storedSizeMax(payload.kind))")
        }
        var all: [UInt8] = []
        // What a header claims is only reserved as far as it has been seen to arrive.
        all.reserveCapacity(Int(min(payload.storedSize, 1 << 20)))
        while let bytes = try stored() {
            all.append(contentsOf: bytes)
            consume(bytes.count)
        }
        try finishPayload(payload)
        // It says nothing of the package, and means nothing without the content.
        if payload.kind != .frames { manifest?.append(payload, stored: all) }
        return all
    }
}

// MARK: - Steps

extension StoneReader where Source: ~Copyable {
    /// Refuses what no reading of this payload could make right.
    private mutating func check(_ payload: PayloadHeader) throws(Failure) {
        try checkTotals(payload)
        guard payload.kind.isKnown else { return }
        guard payload.version == PayloadHeader.version else {
            throw fail(.unsupportedVersion, "payload version \(payload.version) is not known, only 1 is")
        }
        guard payload.compression.isKnown else {
            throw fail(.unsupportedCompression, "compression \(payload.compression.rawValue) is not known")
        }
        if payload.compression == .none, payload.storedSize != payload.plainSize {
            throw fail(
                .sizeMismatch,
                "the payload is not compressed, but stored and plain size differ "
                    + "(\(payload.storedSize) and \(payload.plainSize))")
        }
        guard payload.plainSize <= limits.plainSizeMax(payload.kind) else {
            throw fail(
                .limitExceeded,
                "the payload has \(payload.plainSize) plain bytes, more than \(limits.plainSizeMax(payload.kind))")
        }
        guard payload.plainSize <= Decompressor.plainSizeBound(compressed: payload.storedSize) else {
            throw fail(
                .limitExceeded, "no \(payload.storedSize) compressed bytes hold \(payload.plainSize) plain ones")
        }
        if payload.kind == .content {
            guard !contentSeen else { throw fail(.repeatedPayload, "there is a second content payload") }
            contentSeen = true
        }
    }

    /// Refuses payloads that ask for too much together, before any of this one is read.
    private mutating func checkTotals(_ payload: PayloadHeader) throws(Failure) {
        guard payload.kind != .content else { return }
        storedTotal.addSaturated(payload.storedSize)
        guard manifest == nil || storedTotal <= limits.manifestSizeMax else {
            throw fail(
                .limitExceeded,
                "the payloads up to here have \(storedTotal) bytes besides the content, more than"
                    + " \(limits.manifestSizeMax)")
        }
        guard payload.kind.isKnown else { return }
        if payload.kind == .meta, UInt64(payload.recordCount) > limits.metaRecordsMax {
            throw fail(
                .limitExceeded,
                "the payload has \(payload.recordCount) records, more than \(limits.metaRecordsMax)")
        }
        totals[payload.kind, default: RecordTotals()] += payload.totals
        if let problem = limits.problem(totals[payload.kind] ?? payload.totals, of: payload.kind) {
            throw fail(.limitExceeded, problem)
        }
    }

    /// The current payload, of which nothing may have been read, if its kind is right; a programmer's error otherwise.
    mutating func begin(_ isExpected: (PayloadKind) -> Bool) throws(Failure) -> PayloadHeader {
        try checkUsable()
        guard let payload = current, storedRemaining == payload.storedSize, isExpected(payload.kind) else {
            preconditionFailure("the current payload is of another kind, or some of it was read already")
        }
        return payload
    }

    /// The stored bytes of the current payload that are at hand; nil when all were consumed.
    mutating func stored() throws(Failure) -> UnsafeRawBufferPointer? {
        guard storedRemaining > 0 else { return nil }
        if input.count == 0 {
            guard try fill() else {
                throw fail(.truncated, "the file ends \(storedRemaining) bytes before the end of the payload")
            }
        }
        return UnsafeRawBufferPointer(rebasing: input.bytes.prefix(Int(min(storedRemaining, UInt64(input.count)))))
    }

    /// Hashes and drops the first `count` bytes that `stored` returned.
    mutating func consume(_ count: Int) {
        hasher.update(UnsafeRawBufferPointer(rebasing: input.bytes.prefix(count)))
        input.consume(count)
        storedRemaining -= UInt64(count)
    }

    /// Ends a payload whose stored bytes were all consumed.
    mutating func finishPayload(_ payload: PayloadHeader) throws(Failure) {
        guard hasher.digest64 == payload.checksum else {
            throw fail(.checksumMismatch, "the payload is damaged: its checksum is not the one in its header")
        }
        current = nil
    }

    mutating func fill() throws(Failure) -> Bool {
        do throws(Source.Failure) {
            return try input.fill(from: &source)
        } catch {
            isUsable = false
            throw .source(error)
        }
    }

    func checkUsable() throws(Failure) {
        guard isUsable else { throw .stone(StoneError(.unusable, "the reader has failed before")) }
    }

    /// An error about the current payload; the reader is of no use afterwards.
    mutating func fail(_ code: StoneError.Code, _ message: String) -> Failure {
        isUsable = false
        let offset = current == nil ? input.offset : payloadOffset
        return .stone(StoneError(code, at: offset, payload: current?.kind, message))
    }

    mutating func fail(_ error: ZstandardError) -> Failure {
        switch error.code {
        case .sizeMismatch: fail(.sizeMismatch, error.message)
        case .windowTooLarge: fail(.limitExceeded, error.message)
        case .outOfMemory: fail(.outOfMemory, error.message)
        default: fail(.damagedCompression, error.message)
        }
    }
}
