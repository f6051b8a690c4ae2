import Glibc
package import LinuxSystem

/// Text for people: tables, colours, progress and questions, fitted to the terminal there is.
///
/// One output stream: bytes are gathered and written once per 64 KiB, so a list of thousands of lines is a few calls.
/// A reader that went away (`| head`) ends the output quietly; any other failure is kept for ``finish()``.
/// Used by one thread at a time.
package final class TerminalStream {
    private static let chunkByteCount = 64 << 10

    package let isTerminal: Bool
    /// Columns of the terminal; nil where lines need not fit anything.
    package let width: Int?
    package let paint: Painter
    /// What a capturing stream was given.
    package var capturedText: String { String(decoding: pending, as: UTF8.self) }

    /// nil captures instead of writing.
    private let descriptor: Int32?
    private var pending: [UInt8] = []
    private var failure: ErrorNumber?

    /// A stream on an open descriptor, which stays open.
    package init(descriptor: Int32, colours: ColourChoice = .auto) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
        width = isTerminal ? Self.columns(of: descriptor) : nil
        paint = Painter(isEnabled: colours.isEnabled(isTerminal: isTerminal))
    }

    /// A stream that keeps what it is given, as if on a terminal of this width.
    package init(capturingAtWidth width: Int?, colours: Bool = false) {
        descriptor = nil
        isTerminal = width != nil
        self.width = width
        paint = Painter(isEnabled: colours)
    }

    package func write(_ text: String) {
        pending.append(contentsOf: text.utf8)
        if pending.count >= Self.chunkByteCount { flush() }
    }

    package func write(_ text: String, _ style: Painter.Style?) {
        write(paint(text, style))
    }

    /// Writes `count` spaces; none for a negative number.
    package func pad(_ count: Int) {
        pending.append(contentsOf: repeatElement(UInt8(ascii: " "), count: max(0, count)))
    }

    package func write(bytes: some Sequence<UInt8>) {
        pending.append(contentsOf: bytes)
        if pending.count >= Self.chunkByteCount { flush() }
    }

    package func line(_ text: String = "") {
        pending.append(contentsOf: text.utf8)
        write(bytes: CollectionOfOne(UInt8(ascii: "\n")))
    }

    /// Writes what was gathered; after a failure everything is dropped.
    package func flush() {
        guard let descriptor else { return }
        pending.withUnsafeBytes { bytes in
            var rest = bytes
            while failure == nil, !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count >= 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                } else if errno != EINTR {
                    failure = ErrorNumber(rawValue: errno)
                }
            }
        }
        pending.removeAll(keepingCapacity: true)
    }

    /// Writes the rest and reports the first failure but a closed pipe.
    package func finish() throws(SystemError) {
        flush()
        if let failure, failure.rawValue != EPIPE { throw SystemError(failure, call: "write") }
    }

    /// Makes a closed pipe an error of `write` instead of the end of the process, which might be in the middle of
    /// something.
    package static func ignoreClosedPipes() {
        _ = signal(SIGPIPE, SIG_IGN)
    }

    private static func columns(of descriptor: Int32) -> Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
