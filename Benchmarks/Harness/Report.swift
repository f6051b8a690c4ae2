import Glibc

/// Tables of figures as Markdown, printed as soon as each is done.
struct Report {
    struct Table {
        var title: String
        var rows: [Row] = []
    }

    struct Row {
        var name: String
        /// One value per round, in seconds.
        var seconds: [Double]
        /// What the row is divided by; nil for a limit itself.
        var limit: [Double]?
        /// What the ratio, or the median in seconds where there is no limit, must not exceed.
        var goal: Double?
    }

    func add(_ table: Table) {
        let head = "\n## \(table.title)\n\n| what | median | least | ratio | goal |\n|---|---|---|---|---|\n"
        print(head + table.rows.map(Self.line).joined(separator: "\n"))
        fflush(nil)
    }

    /// Says on standard error what is being done, as most of it takes minutes.
    static func begin(_ work: String) {
        let line = Array("moss-benchmark: \(work)\n".utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func line(_ row: Row) -> String {
        let middle = median(row.seconds)
        let ratio = row.limit.map { middle / median($0) }
        let goal = row.goal.map { goal in
            "\(row.limit == nil ? milliseconds(goal) : fixed(goal)) \((ratio ?? middle) <= goal ? "met" : "MISSED")"
        }
        let cells = [
            row.name, milliseconds(middle), milliseconds(row.seconds.min() ?? .nan), ratio.map(fixed) ?? "", goal ?? "",
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    private static func milliseconds(_ seconds: Double) -> String {
        "\(((seconds * 10_000).rounded()) / 10) ms"
    }

    private static func fixed(_ ratio: Double) -> String {
        "\((ratio * 100).rounded() / 100)"
    }
}
