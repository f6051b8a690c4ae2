/// Rows of cells in aligned columns, two spaces apart.
package struct Table: Sendable {
    package enum Alignment: Sendable {
        case left
        case right
    }

    package struct Cell: ExpressibleByStringInterpolation, Sendable {
        package var text: String
        package var style: Painter.Style?

        package init(_ text: String, _ style: Painter.Style? = nil) {
            self.text = text
            self.style = style
        }

        package init(stringLiteral value: String) {
            self.init(value)
        }
    }

    package var alignments: [Alignment]
    package var rows: [[Cell]] = []
    /// Spaces in front of each row.
    package var indentation = 0

    /// - Parameter alignments: of the columns; those that are not named stand left.
    package init(_ alignments: [Alignment] = [], indentation: Int = 0) {
        self.alignments = alignments
        self.indentation = indentation
    }

    package mutating func add(_ cells: Cell...) {
        rows.append(cells)
    }

    /// Writes the rows; on a terminal the last column is cut so that each stays on one line. Columns that are empty in
    /// every row are left out.
    package func write(to output: TerminalStream) {
        let used = rows.reduce(into: Set<Int>()) { used, row in
            for (column, cell) in row.enumerated() where !cell.text.isEmpty { used.insert(column) }
        }
        var table = self
        table.rows = rows.map { row in row.indices.filter(used.contains).map { row[$0] } }
        table.alignments = alignments.indices.filter(used.contains).map { alignments[$0] }
        table.writeColumns(to: output)
    }

    private func writeColumns(to output: TerminalStream) {
        let cellWidths = rows.map { $0.map(\.text.displayWidth) }
        let widths = columnWidths(cellWidths)
        for (row, rowWidths) in zip(rows, cellWidths) {
            output.pad(indentation)
            var used = indentation
            for (column, cell) in row.enumerated() {
                if column > 0 {
                    output.pad(2)
                    used += 2
                }
                let isLast = column == row.count - 1
                let space = widths[column] - rowWidths[column]
                let isRight = column < alignments.count && alignments[column] == .right
                if isRight { output.pad(space) }
                output.write(isLast ? fitted(cell.text, output.width, after: used) : cell.text, cell.style)
                if !isRight && !isLast { output.pad(space) }
                used += widths[column]
            }
            output.line()
        }
    }

    private func fitted(_ text: String, _ width: Int?, after used: Int) -> String {
        guard let width, width - used >= 10 else { return text }
        return text.truncated(to: width - used)
    }

    private func columnWidths(_ cellWidths: [[Int]]) -> [Int] {
        var widths: [Int] = []
        for row in cellWidths {
            for (column, width) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                // A row's last cell may be as long as it likes: nothing stands behind it.
                if column < row.count - 1 || alignments.count > column && alignments[column] == .right {
                    widths[column] = max(widths[column], width)
                }
            }
        }
        return widths
    }
}
