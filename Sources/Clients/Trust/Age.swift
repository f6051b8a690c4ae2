internal import LinuxSystem

/// Lengths of time, for people.
package enum Age {
    static let day: UInt64 = 24 * 60 * 60

    /// From a time until now, both in seconds since 1970; nothing where a clock was wrong.
    package static func text(since time: Int64) -> String { text(UInt64(max(0, currentTimeSeconds() - max(0, time)))) }

    /// In the largest unit of which there are two at least.
    package static func text(_ seconds: UInt64) -> String {
        for (unit, length) in [("days", day), ("hours", 3600), ("minutes", 60)] where seconds >= 2 * length {
            return "\(seconds / length) \(unit)"
        }
        return seconds == 1 ? "1 second" : "\(seconds) seconds"
    }
}
