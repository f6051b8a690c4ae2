import TestSupport

/// Which of a history's steps a disk holds after a power cut.
struct DiskState: Hashable, Sendable {
    private var words: [UInt64]
    /// A write of which only the first bytes arrived.
    var torn: Tear?
    /// Unsynced writes that made their file longer arrived as its new size only: the bytes are zeros.
    var isZeroed = false

    struct Tear: Hashable, Sendable {
        let step: Int
        let byteCount: Int
    }

    init(stepCount: Int) {
        words = Array(repeating: 0, count: (stepCount + 63) / 64)
    }

    subscript(step: Int) -> Bool {
        get { words[step / 64] & (1 << UInt64(step % 64)) != 0 }
        set {
            if newValue {
                words[step / 64] |= 1 << UInt64(step % 64)
            } else {
                words[step / 64] &= ~(1 << UInt64(step % 64))
            }
        }
    }
}

/// The disks there may be after power cuts in a history.
struct CrashPoints {
    /// How many disks are looked at per cut.
    struct Limits {
        /// Changes of which one alone is lost, and of which one alone is kept.
        var singles: Int
        var randoms: Int
        var tears: Int

        static let quick = Limits(singles: 1, randoms: 1, tears: 1)
        static let long = Limits(singles: 12, randoms: 8, tears: 4)
    }

    let history: DiskHistory
    let model: DiskModel
    /// From ``DiskModel/durability(of:without:)``.
    let durable: [Int]
    let limits: Limits

    init(_ history: DiskHistory, _ model: DiskModel, without dropped: Set<Int> = [], _ limits: Limits) {
        self.history = history
        self.model = model
        self.limits = limits
        durable = model.durability(of: history, without: dropped)
    }

    /// Disks after a cut before event `cut`; some may be equal.
    func states(at cut: Int, _ random: inout SeededGenerator) -> [DiskState] {
        var sure = DiskState(stepCount: history.steps.count)
        var pending: [Int] = []
        for (step, value) in history.steps.enumerated() {
            if value.event >= cut { break }
            if durable[step] < cut { sure[step] = true } else { pending.append(step) }
        }
        if pending.isEmpty { return [sure] }
        var states = [sure, sure.adding(pending)]
        switch model {
        case .journaled: states += journaled(sure, pending, &random)
        case .unordered: states += unordered(sure, pending, &random)
        }
        states += tears(sure, pending, &random)
        var zeroed = sure.adding(pending)
        zeroed.isZeroed = true
        return states + [zeroed]
    }

    private func picks(_ count: Int, from pending: [Int], _ random: inout SeededGenerator) -> [Int] {
        // What was done last is the likeliest to be missing, and the likeliest to matter.
        pending.suffix(count / 3 + 1) + pending.shuffled(using: &random).prefix(count)
    }

    private func journaled(_ sure: DiskState, _ pending: [Int], _ random: inout SeededGenerator) -> [DiskState] {
        let names = pending.filter { !history.steps[$0].isData }
        let data = pending.filter { history.steps[$0].isData }
        var states = [sure.adding(names), sure.adding(data)]
        let all = sure.adding(pending)
        for step in picks(limits.singles, from: data, &random) {
            states.append(all.removing([step]))
            states.append(sure.adding(names + [step]))
            // Of one file, the first writes only.
            let file = history.steps[step].touched
            states.append(all.removing(data.filter { $0 >= step && history.steps[$0].touched == file }))
        }
        for _ in 0..<(names.isEmpty ? 0 : limits.randoms) {
            let prefix = names.prefix(Int.random(in: 0...names.count, using: &random))
            let chance = Int.random(in: 0...4, using: &random)
            let kept = data.filter { _ in Int.random(in: 0..<4, using: &random) < chance }
            states.append(sure.adding(Array(prefix) + kept))
        }
        return states
    }

    private func unordered(_ sure: DiskState, _ pending: [Int], _ random: inout SeededGenerator) -> [DiskState] {
        var states: [DiskState] = []
        let all = sure.adding(pending)
        for step in picks(limits.singles, from: pending, &random) {
            states += [all.removing([step]), sure.adding([step])]
        }
        for _ in 0..<limits.randoms {
            let chance = Int.random(in: 1...9, using: &random)
            states.append(sure.adding(pending.filter { _ in Int.random(in: 0..<10, using: &random) < chance }))
        }
        return states
    }

    /// Writes of which a part arrived: whole sectors of 512 bytes, or pages.
    private func tears(_ sure: DiskState, _ pending: [Int], _ random: inout SeededGenerator) -> [DiskState] {
        var states: [DiskState] = []
        let writes = pending.compactMap { step -> (step: Int, count: Int)? in
            guard case .write(_, _, let data) = history.steps[step].change, data.count > 512 else { return nil }
            return (step, data.count)
        }
        for write in writes.suffix(1) + writes.shuffled(using: &random).prefix(limits.tears) {
            let unit = write.count > 4096 && Bool.random(using: &random) ? 4096 : 512
            let units = Int.random(in: 1...((write.count - 1) / unit), using: &random)
            for var state in [sure.adding(pending), sure.adding([write.step])] {
                state.torn = DiskState.Tear(step: write.step, byteCount: units * unit)
                states.append(state)
            }
        }
        return states
    }
}

extension DiskState {
    fileprivate func adding(_ steps: [Int]) -> DiskState {
        var state = self
        for step in steps { state[step] = true }
        return state
    }

    fileprivate func removing(_ steps: [Int]) -> DiskState {
        var state = self
        for step in steps { state[step] = false }
        return state
    }
}
