import Glibc

/// How a program ended and what it wrote.
package struct CommandResult: Sendable {
    package enum End: Hashable, Sendable, CustomStringConvertible {
        case exited(Int32)
        case signalled(Int32)
        case timedOut

        package var description: String {
            switch self {
            case .exited(let code): "exit code \(code)"
            case .signalled(let number): "signal \(number)"
            case .timedOut: "a time-out"
            }
        }
    }

    package let end: End
    package let output: [UInt8]
    package let errors: [UInt8]

    /// The exit code, or nil where a signal or the time-out ended the program.
    package var exitCode: Int32? {
        if case .exited(let code) = end { code } else { nil }
    }

    package var outputText: String { String(decoding: output, as: UTF8.self) }
    package var errorText: String { String(decoding: errors, as: UTF8.self) }
}

/// A test's surroundings that are not as they must be: a program that does not start, an image that does not mount.
package struct TestSupportError: Error, CustomStringConvertible {
    package let description: String

    package init(_ message: String) {
        description = message
    }

    init(_ message: String, errorNumber: Int32) {
        description = "\(message): \(strerror(errorNumber).map { String(cString: $0) } ?? "error \(errorNumber)")"
    }
}
