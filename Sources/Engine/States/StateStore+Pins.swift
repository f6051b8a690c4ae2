package import BytePath
internal import LinuxSystem

/// Pins: one file in `.moss/pins` for each state that must stay, called as the state's number and holding its name.
/// The database knows nothing of them.
extension StateStore {
    private static let directoryName: BytePath = "pins"
    private static let sizeMax = 4096

    /// The pins by their states; those of states that are gone are left out by who asks.
    package func pins() throws(StateError) -> [UInt64: StatePin] {
        try inPins { () throws(SystemError) in
            guard try root.moss.statusIfPresent(of: Self.directoryName) != nil else { return [:] }
            let directory = try root.moss.openDirectory(Self.directoryName)
            var pins: [UInt64: StatePin] = [:]
            for entry in try directory.entries() {
                guard let number = UInt64(entry.name.display), "\(number)" == entry.name.display,
                    let bytes = try directory.readFileIfPresent(entry.name, limit: Self.sizeMax)
                else { continue }
                let name = String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
                pins[number] = StatePin(state: number, name: StatePin.isValid(name: name) ? name : nil)
            }
            return pins
        }
    }

    /// What stopped commands were writing there, below `.moss`.
    package func temporaryPins() throws(StateError) -> [BytePath] {
        try inPins { () throws(SystemError) in
            guard try root.moss.statusIfPresent(of: Self.directoryName) != nil else { return [] }
            return try root.moss.openDirectory(Self.directoryName).temporaryFiles().map {
                Self.directoryName.appending($0)
            }
        }
    }

    /// Pins a state that exists, or gives its pin another name. The root's lock must be held.
    package func pin(_ number: UInt64, name: String?) throws(StateError) {
        if let name {
            guard StatePin.isValid(name: name) else { throw .invalidStateName(name) }
            let other = try pins().values.first { $0.name == name && $0.state != number }
            if let other { throw .stateNameTaken(name, by: other.state) }
        }
        try inPins { () throws(SystemError) in
            if try root.moss.statusIfPresent(of: Self.directoryName) == nil {
                try root.moss.ensureDirectory(Self.directoryName)
                try root.moss.syncDirectory()
            }
            let directory = try root.moss.openDirectory(Self.directoryName)
            try directory.replaceFile(BytePath("\(number)"), with: Array("\(name ?? "")\n".utf8), durable: true)
        }
    }

    /// What fails has the directory's name below `.moss`, or that of a file in it.
    private func inPins<R>(_ body: () throws(SystemError) -> R) throws(StateError) -> R {
        try root.system(below: ".moss") { () throws(SystemError) in
            do throws(SystemError) {
                return try body()
            } catch {
                throw error.below(Self.directoryName)
            }
        }
    }

    /// - Returns: whether there was a pin.
    package func unpin(_ number: UInt64) throws(StateError) -> Bool {
        guard try pins()[number] != nil else { return false }
        try inPins { () throws(SystemError) in
            let directory = try root.moss.openDirectory(Self.directoryName)
            try directory.unlink(BytePath("\(number)"))
            try directory.syncDirectory()
        }
        return true
    }
}
