package import BytePath
internal import TerminalOutput

/// A path as reports carry it: text, and the bytes where the text cannot say them.
package struct PathText: Hashable, Sendable {
    /// The path; bytes that are no UTF-8, and control characters then too, as `\xNN`.
    package var text: String
    /// All bytes in hexadecimal digits, only where the path is not UTF-8.
    package var bytes: String?

    package init(_ path: BytePath) {
        if let exact = String(validating: path.bytes, as: UTF8.self) {
            text = exact
        } else {
            text = String(printable: path.bytes)
            bytes = path.bytes.reduce(into: "") { $0 += $1 < 16 ? "0" + String($1, radix: 16) : String($1, radix: 16) }
        }
    }

    /// For a terminal.
    package var printable: String { text.printable }
}
