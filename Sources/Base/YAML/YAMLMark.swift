/// A place in a YAML text. Lines and columns count from 1; columns count Unicode scalars.
package struct YAMLMark: Hashable, Sendable {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

extension YAMLMark {
    /// The place of a byte of UTF-8; of the end for what is behind it.
    init(ofByte offset: Int, in bytes: UnsafeBufferPointer<UInt8>) {
        let before = bytes[..<min(max(offset, 0), bytes.count)]
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        line = before.count { $0 == UInt8(ascii: "\n") } + 1
        // All bytes of a scalar but its first are continuations.
        column = before[lineStart...].count { $0 & 0xc0 != 0x80 } + 1
    }
}
