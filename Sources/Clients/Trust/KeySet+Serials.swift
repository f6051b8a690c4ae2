extension KeySet {
    /// What a serial is measured by: the one last seen, or the one that serials began anew with.
    func serialBase(_ lastSeen: SeenManifest?) -> (serial: UInt64, isReset: Bool)? {
        if let reset = serialReset, lastSeen.map({ $0.manifest.keySet < reset.keySet }) ?? true {
            return (reset.serial, true)
        }
        return lastSeen.map { ($0.manifest.serial, false) }
    }

    /// The serial for what is published next.
    package func nextSerial(after last: SeenManifest?) -> UInt64 {
        guard let base = serialBase(last) else { return 1 }
        return base.isReset ? base.serial : base.serial + 1
    }
}
