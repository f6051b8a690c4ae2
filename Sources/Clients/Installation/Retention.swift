internal import BytePath
internal import YAML

/// By which rules states are kept. A state stays where any of them says so.
package struct Retention: Hashable, Sendable {
    /// So many of the newest, the active one among them.
    package var keep: Int?
    /// Those made within so many seconds.
    package var keepSince: Int64?
    /// Numbers and names.
    package var pins: [String] = []

    package init(keep: Int? = nil, keepSince: Int64? = nil, pins: [String] = []) {
        self.keep = keep
        self.keepSince = keepSince
        self.pins = pins
    }

    package static let `default` = Retention(keep: 10)

    /// Seconds from `90min`, `12h`, `30d`, `6w` or `1y`.
    package static func seconds(_ text: String) -> Int64? {
        let units: [(String, Int64)] = [
            ("min", 60), ("h", 3600), ("d", 86_400), ("w", 604_800), ("y", 31_557_600), ("s", 1),
        ]
        for (unit, seconds) in units where text.hasSuffix(unit) {
            guard let count = Int64(text.dropLast(unit.count)), count >= 0 else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: seconds)
            return overflow ? nil : product
        }
        return nil
    }

    /// Reads the text of `etc/moss/retention.yaml`.
    init(_ bytes: [UInt8], file: BytePath) throws(InstallationError) {
        do throws(YAMLError) {
            guard let node = try YAMLNode.read(bytes) else { return }
            for pair in try node.mapping(or: "expected a map of settings").pairs { try set(pair) }
        } catch {
            throw .retention("\(file.display):\(error.mark.line)", error.message)
        }
    }

    private mutating func set(_ setting: YAMLMapping.Pair) throws(YAMLError) {
        let value = setting.value
        switch setting.key.text {
        case "keep":
            let complaint = "keep has to be a whole number from 1"
            let count = try value.integer(Int.self, or: complaint)
            guard count >= 1 else { throw value.unexpected(complaint) }
            keep = count
        case "keep-since":
            let complaint = "keep-since has to be a time such as 90min, 12h, 30d, 6w or 1y"
            guard let seconds = Self.seconds(try value.text(or: complaint)) else { throw value.unexpected(complaint) }
            keepSince = seconds
        case "pins":
            let complaint = "pins has to be a list of numbers and names of states"
            var texts: [String] = []
            for item in try value.sequence(or: complaint) { texts.append(try item.text(or: complaint)) }
            guard !texts.contains("") else { throw value.unexpected(complaint) }
            pins = texts
        default: throw setting.unexpectedKey("unknown setting \"\(setting.key.text)\"")
        }
    }
}
