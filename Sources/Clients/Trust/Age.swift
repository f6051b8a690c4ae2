/// Lengths of time, for people.
enum Age {
    static let day: UInt64 = 24 * 60 * 60

    /// In the largest unit of which there are two at least.
    static func text(_ seconds: UInt64) -> String {
        for (unit, length) in [("days", day), ("hours", 3600), ("minutes", 60)] where seconds >= 2 * length {
            return "\(seconds / length) \(unit)"
        }
        return seconds == 1 ? "1 second" : "\(seconds) seconds"
    }
}
