internal import LinuxSystem
package import Transfer

/// What is to be done after a failure: which of several servers is asked next, when, and when it is enough.
///
/// A server that has not got the file, or another one, is not asked again for it. One that cannot be reached or answers
/// nonsense is, after waits that grow, while there is no other.
struct DownloadAttempts: Sendable {
    enum Step: Hashable, Sendable {
        /// Ask `address`; from the first byte on where what is here is not to be trusted.
        case retry(address: String, waitMilliseconds: UInt64, fromStart: Bool)
        case giveUp(RepositoryError)
    }

    private let item: DownloadItem
    private let settings: DownloadSettings
    private var current = 0
    private var excluded: Set<Int> = []
    /// Those that were asked from the first byte on after they made nothing of a part.
    private var begunAnew: Set<Int> = []
    /// Tries in a row that brought nothing.
    private var fruitless = 0
    private var total = 0
    private var complaints: [String] = []
    private var worst: RepositoryError.Code?

    /// However well each of them went.
    private static let triesMax = 100
    private static let complaintsMax = 8

    init(_ item: DownloadItem, _ settings: DownloadSettings) {
        self.item = item
        self.settings = settings
    }

    var address: String { item.addresses.indices.contains(current) ? item.addresses[current] : "" }

    /// - Parameters:
    ///   - failure: of the transfer from `address`.
    ///   - ofStore: whether that is in a store of objects, which knows who asks.
    ///   - resumed: whether it was to go on behind what is here.
    ///   - jitter: 0..<1; servers that were away are not asked by all at once.
    mutating func after(
        _ failure: TransferFailure, ofStore: Bool = false, resumed: Bool = false, jitter: Double = 0
    ) -> Step {
        complain(failure.message)
        note(ofStore && failure.kind == .refused ? .accessDenied : failure.kind.code)
        total += 1
        if failure.kind == .local {
            let error = SystemError(ErrorNumber(rawValue: failure.number), call: "write", path: item.partName)
            return .giveUp(RepositoryError(.system, item.label, wrapping: error))
        }
        if resumed, failure.kind.mayBeOfAPart, begunAnew.insert(current).inserted, total < Self.triesMax {
            return .retry(address: address, waitMilliseconds: 0, fromStart: true)
        }
        if failure.kind.isWorthRetrying {
            fruitless = isWorthwhile(failure) ? 1 : fruitless + 1
        } else {
            excluded.insert(current)
        }
        // Each server that may still do better has its tries.
        let triesLeft = settings.tries * max(1, item.addresses.count - excluded.count)
        guard fruitless < triesLeft, total < Self.triesMax, goOn() else { return .giveUp(conclusion) }
        let wait = failure.kind.isWorthRetrying ? wait(failure, jitter) : 0
        return .retry(address: address, waitMilliseconds: wait, fromStart: failure.kind.spoils)
    }

    /// A server that keeps sending a little too little must not keep us for ever.
    private func isWorthwhile(_ failure: TransferFailure) -> Bool {
        let trickle = UInt64(settings.transfer.slowBytes) * UInt64(settings.transfer.stallSeconds)
        return failure.transferred > (failure.kind == .stalled ? trickle : 0)
    }

    /// After a file that came whole and is not the promised one.
    ///
    /// - Parameter resumed: whether a part of it was here before: that may be what is wrong.
    mutating func afterWrongBytes(_ problem: String, resumed: Bool) -> Step {
        complain(problem)
        note(.arbitraryPackage)
        total += 1
        if !resumed { excluded.insert(current) }
        guard total < Self.triesMax, resumed || goOn() else { return .giveUp(conclusion) }
        return .retry(address: address, waitMilliseconds: 0, fromStart: true)
    }

    /// Goes to the next server that is not out.
    private mutating func goOn() -> Bool {
        for step in 1...max(1, item.addresses.count) {
            let next = (current + step) % max(1, item.addresses.count)
            if !excluded.contains(next), next < item.addresses.count {
                current = next
                return true
            }
        }
        return false
    }

    private func wait(_ failure: TransferFailure, _ jitter: Double) -> UInt64 {
        if failure.retryAfter > 0 { return min(UInt64(failure.retryAfter) * 1000, settings.waitMillisecondsMax) }
        // Others may well be there while this one is not.
        let rounds = UInt64(max(0, fruitless - 1) / max(1, item.addresses.count - excluded.count))
        if item.addresses.count - excluded.count > 1, rounds == 0 { return 0 }
        let wait = settings.waitMilliseconds << min(rounds, 10)
        return min(wait + UInt64(Double(wait) * jitter / 2), settings.waitMillisecondsMax)
    }

    private mutating func complain(_ text: String) {
        let line = "\(address): \(text)"
        if complaints.last != line, complaints.count < Self.complaintsMax { complaints.append(line) }
    }

    /// Of several reasons the one that is not an accident is told.
    private mutating func note(_ code: RepositoryError.Code) {
        if worst == nil || worst == .unreachable { worst = code }
    }

    private var conclusion: RepositoryError {
        let causes = complaints.isEmpty ? "no server was named" : complaints.joined(separator: "; ")
        return RepositoryError(worst ?? .unreachable, item.label, "it cannot be fetched: \(causes)")
    }
}

extension TransferFailure.Kind {
    /// Whether the same server may do better a little later.
    package var isWorthRetrying: Bool {
        switch self {
        case .unreachable, .stalled, .interrupted, .busy: true
        case .notFound, .refused, .wrongLength, .endless, .badRedirect, .malformed, .untrusted, .noRanges, .local: false
        }
    }

    /// Whether it may be for the part that was asked for, and the whole could be had.
    fileprivate var mayBeOfAPart: Bool { [.wrongLength, .malformed, .noRanges].contains(self) }

    /// Whether what is here may be of another file.
    fileprivate var spoils: Bool { self == .wrongLength }

    package var code: RepositoryError.Code {
        switch self {
        case .unreachable, .interrupted, .busy: .unreachable
        case .stalled: .slowRetrieval
        case .notFound, .refused: .notFound
        case .wrongLength: .arbitraryPackage
        case .endless: .endlessData
        case .badRedirect, .malformed, .noRanges: .badServer
        case .untrusted: .untrustedServer
        case .local: .system
        }
    }
}
