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
        var bytes: [UInt8] = []
        guard Self.readToEnd(answers, &bytes, before: deadline) else {
            // Whoever asks uses the file system. One that has not begun with the question lets him go.
            if let asker = Self.number(bytes[...]) {
                ChildProcess.send(SIGKILL, to: asker)
                _ = Self.readToEnd(answers, &bytes, before: monotonicNanoseconds() + 200_000_000)
            }
            return .none
        }
        guard let number = Self.number(bytes.dropFirst(4)) else { return .none }
        return number == 0 ? .value(Array(bytes[8...])) : .failed(ErrorNumber(rawValue: number))
    }

    /// - Returns: whether the end came in time.
    private static func readToEnd(
        _ answers: borrowing Descriptor, _ bytes: inout [UInt8], before deadline: UInt64
    ) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            while true {
                let now = monotonicNanoseconds()
                let left = now < deadline ? Int32(clamping: (deadline - now) / 1_000_000) : 0
                guard (try? answers.waitUntilReadable(milliseconds: left)) == true,
                    let count = try? answers.read(into: buffer)
                else { return false }
                if count == 0 { return true }
                bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int32? {
        bytes.count < 4 ? nil : bytes.prefix(4).withUnsafeBytes { $0.loadUnaligned(as: Int32.self) }
    }
}
