package import BytePath
package import LinuxSystem
internal import Transfer
internal import YAML

/// What somebody wishes of fetching for one command.
package struct FetchOptions: Hashable, Sendable {
    /// Nothing is fetched.
    package var isOffline = false
    /// Bytes in a second; nil where nobody said.
    package var bandwidth: UInt64?

    package init() {}
}

/// The administrator's `etc/moss/fetch.yaml`: how files are fetched.
package struct FetchConfiguration {
    private static let file: BytePath = "etc/moss/fetch.yaml"

    private var settings = DownloadSettings()

    /// Of nobody who wishes anything.
    package init() {}

    /// - Parameters:
    ///   - root: the root's directory.
    ///   - path: its path, for errors.
    package static func load(
        from root: borrowing Descriptor, at path: BytePath
    ) throws(RepositoryError) -> FetchConfiguration {
        let bytes = try reporting(below: path) { () throws(SystemError) in
            try root.readFileIfPresent(file, limit: 1 << 20, followingLinks: true)
        }
        return try FetchConfiguration(bytes ?? [], file: path.appending(file))
    }

    init(_ bytes: [UInt8], file: BytePath) throws(RepositoryError) {
        do throws(YAMLError) {
            guard let node = try YAMLNode.read(bytes) else { return }
            for pair in try node.mapping(or: "expected a map of settings").pairs { try set(pair) }
        } catch {
            throw RepositoryError(.malformedConfiguration, "\(file.display):\(error.mark.line)", error.message)
        }
    }

    package func applying(_ options: FetchOptions) -> DownloadSettings {
        var settings = settings
        settings.isOffline = options.isOffline
        if let bandwidth = options.bandwidth { settings.transfer.bandwidth = bandwidth }
        return settings
    }

    private mutating func set(_ setting: YAMLMapping.Pair) throws(YAMLError) {
        let value = setting.value
        let name = setting.key.text
        func number<Number: FixedWidthInteger>(_ range: ClosedRange<Number>) throws(YAMLError) -> Number {
            let complaint = "\(name) has to be a whole number from \(range.lowerBound) to \(range.upperBound)"
            let number = try value.integer(Number.self, or: complaint)
            guard range.contains(number) else { throw value.unexpected(complaint) }
            return number
        }
        switch name {
        case "connections": settings.transfer.connections = try number(1...256)
        case "connections-per-server": settings.transfer.connectionsPerHost = try number(1...256)
        case "connect-seconds": settings.transfer.connectSeconds = try number(1...3600)
        case "stall-seconds": settings.transfer.stallSeconds = try number(1...3600)
        case "slow-bytes": settings.transfer.slowBytes = try number(1...1_000_000)
        case "tries": settings.tries = try number(1...100)
        case "wait-milliseconds": settings.waitMilliseconds = try number(1...60_000)
        case "bandwidth":
            let complaint = "bandwidth has to be bytes in a second, such as 500K or 2M"
            guard let bandwidth = Bandwidth.bytes(try value.text(or: complaint)) else {
                throw value.unexpected(complaint)
            }
            settings.transfer.bandwidth = bandwidth
        default: throw setting.unexpectedKey("unknown setting \"\(name)\"")
        }
    }
}

/// Bytes in a second as people write them.
package enum Bandwidth {
    /// Reads `2000`, `500K`, `2M` or `1G`; nil for anything else, and for nothing at all in a second.
    package static func bytes(_ text: String) -> UInt64? {
        let units: [Character: UInt64] = ["K": 1000, "M": 1_000_000, "G": 1_000_000_000]
        let unit = text.last.flatMap { units[$0] }
        guard let count = UInt64(unit == nil ? text[...] : text.dropLast()), count > 0 else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: unit ?? 1)
        return overflow ? nil : bytes
    }
}
