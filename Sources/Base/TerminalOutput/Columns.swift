/// Short texts in as many columns as fit, down and then across.
package struct Columns: Sendable {
    package var texts: [String]
    package var indentation = 0

    package init(_ texts: [String], indentation: Int = 0) {
        self.texts = texts
        self.indentation = indentation
    }

    /// Writes the texts; one on each line where there is no terminal.
    package func write(to output: TerminalStream) {
        let margin = String(repeating: " ", count: indentation)
        let widths = texts.map(\.displayWidth)
        let widest = (widths.max() ?? 0) + 2
        let count = output.width.map { max(1, ($0 - indentation + 2) / widest) } ?? 1
        let height = (texts.count + count - 1) / count
        for row in 0..<height {
            var line = margin
            for index in stride(from: row, to: texts.count, by: height) {
                line += texts[index]
                if index + height < texts.count { line += String(repeating: " ", count: widest - widths[index]) }
            }
            output.line(line)
        }
    }
}
