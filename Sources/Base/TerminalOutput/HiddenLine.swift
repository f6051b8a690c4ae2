import Glibc

/// A line as it is typed where nobody sees it, with the keys that people expect to work.
package struct HiddenLine: Sendable {
    package enum Progress: Hashable, Sendable {
        case more, complete, brokenOff
    }

    package private(set) var bytes: [UInt8] = []
    private let byteCountMax: Int

    /// - Parameter byteCountMax: what is longer becomes one byte longer, and no more.
    package init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    package mutating func take(_ byte: UInt8) -> Progress {
        switch byte {
        case 0x0a, 0x0d: return .complete
        case 0x03: return .brokenOff  // Control-C
        case 0x04: return bytes.isEmpty ? .brokenOff : .complete  // Control-D
        case 0x15: bytes = []  // Control-U
        case 0x08, 0x7f:
            // All bytes of a character.
            while let last = bytes.popLast(), last & 0xc0 == 0x80 {}
        default: if bytes.count <= byteCountMax { bytes.append(byte) }
        }
        return .more
    }
}

extension Question {
    /// Asks on standard error and reads a line that the terminal does not show; nil where the answer was broken off.
    package static func secret(_ question: String, byteCountMax: Int) -> [UInt8]? {
        var modes = termios()
        guard tcgetattr(STDIN_FILENO, &modes) == 0 else { return nil }
        var hidden = modes
        // Without its signals too: one that ends the process would leave the terminal like this.
        hidden.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        hidden.c_cc.5 = 0  // VTIME
        hidden.c_cc.6 = 1  // VMIN: wait for a byte
        guard tcsetattr(STDIN_FILENO, TCSADRAIN, &hidden) == 0 else { return nil }
        defer { tcsetattr(STDIN_FILENO, TCSADRAIN, &modes) }
        say(question)
        defer { say("\n") }
        var line = HiddenLine(byteCountMax: byteCountMax)
        while true {
            var byte: UInt8 = 0
            let count = read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { return nil }
            switch line.take(byte) {
            case .more: continue
            case .complete: return line.bytes
            case .brokenOff: return nil
            }
        }
    }

    static func say(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
