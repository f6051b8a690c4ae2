internal import LinuxSystem

/// How many bytes may come now, of all that may come in a second: filled as time goes by, and by a quarter of a second at
/// most.
final class TransferBudget {
    /// Bytes in a second; 0 for no limit.
    var rate: UInt64 = 0 {
        didSet { (available, filledAt) = (0, monotonicNanoseconds()) }
    }
    private var available: Double = 0
    private var filledAt: UInt64 = 0

    /// Whether something may be taken now.
    var isOpen: Bool {
        guard rate > 0 else { return true }
        let now = monotonicNanoseconds()
        available = min(available + Double(rate) * Double(now - filledAt) / 1e9, Double(rate) / 4)
        filledAt = now
        return available > 0
    }

    /// Notes what was taken, which may be more than there was: nothing is taken then until that much time has gone by.
    func take(_ count: Int) { available -= Double(count) }
}
