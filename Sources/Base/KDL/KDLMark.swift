/// A place in a KDL text. Lines and columns count from 1; columns count Unicode scalars.
package struct KDLMark: Hashable, Sendable {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

extension KDLMark {
    /// Of what is written rather than read.
    static let none = KDLMark(line: 1, column: 1)

    /// The place right behind `bytes`. Lines are those that editors count: other ends of lines that KDL knows are rare.
    init(behind bytes: ArraySlice<UInt8>) {
        self = .none
        var previous: UInt8 = 0
        for byte in bytes {
            // All bytes of a scalar but its first are continuations.
            if byte & 0xc0 == 0x80 { continue }
            step(over: byte == 0x0a && previous == 0x0d ? nil : byte == 0x0a || byte == 0x0d)
            previous = byte
        }
    }

    /// - Parameter endsLine: nil for the second half of one end of a line.
    mutating func step(over endsLine: Bool?) {
        guard let endsLine else { return }
        if endsLine { (line, column) = (line + 1, 1) } else { column += 1 }
    }
}
