/// Paragraphs broken at spaces into lines that fit.
package enum WrappedText {
    /// The lines of `text`; line breaks in it stay, a word that is too long stands alone.
    ///
    /// - Parameters:
    ///   - width: most columns of a line with its margin.
    ///   - indentation: spaces in front of every line.
    package static func lines(_ text: String, width: Int, indentation: Int = 0) -> [String] {
        let room = max(20, width - indentation)
        let margin = String(repeating: " ", count: indentation)
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = ""
            var used = 0
            for word in paragraph.split(separator: " ") {
                let word = String(word).printable
                let width = word.displayWidth
                if used > 0, used + 1 + width > room {
                    lines.append(margin + line)
                    (line, used) = ("", 0)
                }
                line += used > 0 ? " " + word : word
                used += used > 0 ? width + 1 : width
            }
            lines.append(line.isEmpty ? "" : margin + line)
        }
        return lines
    }
}
