import Glibc

/// Sizes, durations and times as people read them.
package enum Measures {
    /// `17 B`, `1.5 KiB`, `230 MiB`: three digits at most before the point, two significant ones below ten.
    package static func size(_ bytes: UInt64) -> String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        var unit = 0
        var scaled = bytes
        // Compared after rounding, so that 1023.6 KiB becomes 1.0 MiB.
        while unit < units.count - 1, rounded(scaled) >= 1024 {
            scaled /= 1024
            unit += 1
        }
        let tenths = scaled < 10 << 10 ? (scaled * 10 + 512) / 1024 : 100
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10) \(units[unit])" : "\(rounded(scaled)) \(units[unit])"
    }

    /// A 1024th of `value`, to the nearest.
    private static func rounded(_ value: UInt64) -> UInt64 {
        value / 1024 + (value % 1024 >= 512 ? 1 : 0)
    }

    private static let units = ["KiB", "MiB", "GiB", "TiB", "PiB"]

    /// `3 ms`, `1.4 s`, `2 min 5 s`, `1 h 3 min`.
    package static func duration(nanoseconds: UInt64) -> String {
        let milliseconds = nanoseconds / 1_000_000
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        if milliseconds < 60_000 { return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s" }
        let seconds = milliseconds / 1000
        if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
        return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    }

    /// `2026-08-07 14:03:22` in the machine's time zone.
    package static func localTime(secondsSince1970 seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        guard localtime_r(&time, &parts) != nil else { return "\(seconds)" }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let start = buffer.baseAddress, strftime(start, 64, "%Y-%m-%d %H:%M:%S", &parts) > 0 else {
                return "\(seconds)"
            }
            return String(cString: start)
        }
    }

    /// `1 package`, `2 packages`.
    package static func count(_ count: Int, _ noun: String, _ plural: String? = nil) -> String {
        count == 1 ? "1 \(noun)" : "\(count) \(plural ?? noun + "s")"
    }
}
