internal import BytePath
package import LinuxSystem

/// What a process says about its start, as the one who waits for it reads it; ``ReadySignal`` writes it.
///
/// The first byte is `R` or `E`. Behind an `R` may come a space and a remark, in the same write; behind an `E` the text
/// that says what went wrong, which is waited for a moment.
package enum HelperAnswer: Hashable, Sendable {
    case ready(String)
    case failed(String)
    /// The pipe closed without an answer.
    case none
    case senseless
    case late

    private static let lengthMax = 64 << 10
    /// How long the rest of a text may take once it has begun.
    private static let textMilliseconds: UInt64 = 1000

    /// - Parameter seconds: for the first byte.
    package static func read(
        from pipe: borrowing Descriptor, within seconds: Int32
    ) throws(SystemError) -> HelperAnswer {
        guard try pipe.waitUntilReadable(milliseconds: min(max(0, seconds), 1_000_000) * 1000) else { return .late }
        var bytes = try pipe.readPiece()
        switch bytes.first {
        case nil: return .none
        case UInt8(ascii: "R"):
            let remark = bytes.dropFirst().prefix { $0 != UInt8(ascii: "\n") }
            return .ready(String(decoding: remark.drop { $0 == UInt8(ascii: " ") }, as: UTF8.self))
        case UInt8(ascii: "E"): break
        default: return .senseless
        }
        let deadline = monotonicNanoseconds() + textMilliseconds * 1_000_000
        while bytes.count < lengthMax {
            let now = monotonicNanoseconds()
            guard now < deadline else { break }
            guard try pipe.waitUntilReadable(milliseconds: Int32((deadline - now) / 1_000_000) + 1) else { break }
            let piece = try pipe.readPiece()
            if piece.isEmpty { break }
            bytes += piece
        }
        while bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return .failed(String(decoding: bytes.dropFirst(), as: UTF8.self))
    }
}

extension Descriptor {
    fileprivate func readPiece() throws(SystemError) -> [UInt8] {
        try withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { (buffer) throws(SystemError) -> [UInt8] in
            let count = try read(into: buffer)
            return Array(buffer[..<count])
        }
    }
}
