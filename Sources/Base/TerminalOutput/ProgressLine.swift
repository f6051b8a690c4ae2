/// The one line that tells how far something is.
package struct ProgressLine: Hashable, Sendable {
    package enum Unit: Sendable {
        case bytes
        case items
    }

    /// Shown without what a terminal would obey: it may name a package.
    package var label: String
    package var done: UInt64
    /// 0 where nobody knows.
    package var total: UInt64
    package var unit: Unit
    /// How long it has been going on, for how fast it is and how long it will take; 0 where that is not worth a word.
    package var nanoseconds: UInt64 = 0

    package init(_ label: String, done: UInt64, total: UInt64, unit: Unit) {
        self.label = label
        self.done = done
        self.total = total
        self.unit = unit
    }

    /// Label, bar and amounts in at most `width` columns.
    package func text(width: Int) -> String {
        let amounts = (total > 0 ? "\(amount(done)) of \(amount(total))" : done > 0 ? amount(done) : "") + pace
        let label = label.printable
        let room = width - amounts.displayWidth - 4
        guard total > 0, room >= 30 else { return "\(label)  \(amounts)".truncated(to: max(1, width)) }
        let barWidth = min(30, room / 2)
        let filled = Int((Double(min(done, total)) / Double(total) * Double(barWidth)).rounded(.down))
        let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: barWidth - filled)
        let text = label.truncated(to: room - barWidth - 2)
        let gap = String(repeating: " ", count: max(0, room - barWidth - 2 - text.displayWidth))
        return "\(text)\(gap)  [\(bar)]  \(amounts)"
    }

    /// `, 2.1 MiB/s, 12.0 s left`, once there is something to go by.
    private var pace: String {
        guard nanoseconds >= 1_000_000_000, done > 0 else { return "" }
        let seconds = Double(nanoseconds) / 1e9
        let rate = ", \(amount(UInt64(Double(done) / seconds)))/s"
        guard total > done else { return rate }
        let left = Double(total - done) / Double(done) * seconds
        guard left < 360_000 else { return rate }
        return rate + ", \(Measures.duration(nanoseconds: UInt64(left) * 1_000_000_000)) left"
    }

    private func amount(_ value: UInt64) -> String {
        unit == .bytes ? Measures.size(value) : "\(value)"
    }
}
