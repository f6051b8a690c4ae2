internal import BytePath
internal import LinuxSystem
package import States

/// Which states stay.
extension Installation {
    static let retentionFile: BytePath = "etc/moss/retention.yaml"

    /// The pins of states that exist, by their numbers.
    package func pins() throws(InstallationError) -> [UInt64: StatePin] {
        let pins = try InstallationError.states { () throws(StateError) in try stateStore.pins() }
        if pins.isEmpty { return [:] }
        let numbers = Set(try states().map(\.number))
        return pins.filter { numbers.contains($0.key) }
    }

    /// Keeps a state from being removed until it is unpinned.
    ///
    /// - Parameter name: what it is called from now on; nil takes a name away.
    package func pin(_ number: UInt64, name: String?) throws(InstallationError) {
        _ = try state(number)
        try InstallationError.states { () throws(StateError) in try stateStore.pin(number, name: name) }
    }

    /// - Returns: whether it was pinned.
    package func unpin(_ number: UInt64) throws(InstallationError) -> Bool {
        try InstallationError.states { () throws(StateError) in try stateStore.unpin(number) }
    }

    /// The state of a number or a name.
    package func state(_ text: String) throws(InstallationError) -> State {
        if let number = UInt64(text) { return try state(number) }
        guard let pin = try pins().values.first(where: { $0.name == text }) else {
            throw .state(.unknownStateName(text))
        }
        return try state(pin.state)
    }

    /// The rules in the root's configuration; nil where there are none.
    package func configuredRetention() throws(InstallationError) -> Retention? {
        let bytes: [UInt8]?
        do throws(SystemError) {
            bytes = try root.root.readFileIfPresent(Self.retentionFile, limit: 1 << 20, followingLinks: true)
        } catch {
            throw .system(error.below(root.path))
        }
        return try bytes.map { (bytes) throws(InstallationError) in
            try Retention(bytes, file: root.path.appending(Self.retentionFile))
        }
    }

    /// The states that `rules` would remove, oldest first: of those before the active one, or, with `includesNewer`, of
    /// all but the active one. Pinned ones stay and do not count.
    package func prunable(_ rules: Retention, includesNewer: Bool = false) throws(InstallationError) -> [State] {
        let active = try activeState()?.number ?? 0
        var pinned = Set(try pins().keys)
        for text in rules.pins {
            // A state that is gone needs no pin.
            if let state = try? state(text) { pinned.insert(state.number) }
        }
        let candidates = try states().filter {
            $0.number != active && (includesNewer || $0.number < active) && !pinned.contains($0.number)
        }
        let old = candidates.dropLast(rules.keep.map { max(0, $0 - 1) } ?? 0)
        guard let keepSince = rules.keepSince else { return Array(old) }
        let (limit, overflow) = currentTimeSeconds().subtractingReportingOverflow(keepSince)
        return overflow ? [] : old.filter { $0.created < limit }
    }
}
