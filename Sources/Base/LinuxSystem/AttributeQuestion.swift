package import BytePath
internal import CLinux
import Glibc

/// A question for an extended attribute to a file system that may never answer: another process asks, and is left to
/// itself when that takes too long.
package struct AttributeQuestion: ~Copyable {
    package enum Answer: Hashable, Sendable {
        case value([UInt8])
        case failed(ErrorNumber)
        /// None in time.
        case none
    }

    private let answers: Descriptor?

    /// - Parameter path: absolute; not followed where it is a link.
    package init(_ name: String, of path: BytePath) {
        let raw = path.withCString { moss_ask_attribute($0, name) }
        answers = raw < 0 ? nil : Descriptor(taking: raw)
    }

    /// - Parameter deadline: as ``monotonicNanoseconds()`` counts.
    package consuming func answer(before deadline: UInt64) -> Answer {
        guard case .some(let answers) = answers else { return .none }
        let now = monotonicNanoseconds()
        let left = now < deadline ? Int32(clamping: (deadline - now) / 1_000_000) : 0
        // It is written at once, as a whole; nothing at all comes from an asker that could not be made.
        guard (try? answers.waitUntilReadable(milliseconds: left)) == true,
            let bytes = try? answers.readToEnd(limit: 128 << 10), bytes.count >= 4
        else { return .none }
        let number = bytes.withUnsafeBytes { $0.loadUnaligned(as: Int32.self) }
        return number == 0 ? .value(Array(bytes[4...])) : .failed(ErrorNumber(rawValue: number))
    }
}
