internal import BytePath
internal import Yams

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
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .retention(file.display, "the file is not UTF-8 text")
        }
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw .retention(file.display, "the file is not YAML: \(error)")
        }
        guard let node else { return }
        guard let mapping = node.mapping else { throw Self.malformed(file, node, "expected a map of settings") }
        for (key, value) in mapping {
            switch key.scalar?.string {
            case "keep":
                guard let count = (value.scalar?.string).flatMap({ Int($0) }), count >= 1 else {
                    throw Self.malformed(file, value, "keep has to be a whole number from 1")
                }
                keep = count
            case "keep-since":
                guard let seconds = (value.scalar?.string).flatMap(Self.seconds) else {
                    throw Self.malformed(file, value, "keep-since has to be a time such as 90min, 12h, 30d, 6w or 1y")
                }
                keepSince = seconds
            case "pins":
                let texts = value.sequence?.map { $0.scalar?.string ?? "" } ?? [""]
                guard !texts.contains("") else {
                    throw Self.malformed(file, value, "pins has to be a list of numbers and names of states")
                }
                pins = texts
            default: throw Self.malformed(file, key, "unknown setting \"\(key.scalar?.string ?? "?")\"")
            }
        }
    }

    private static func malformed(_ file: BytePath, _ node: Node, _ message: String) -> InstallationError {
        .retention("\(file.display):\(node.mark?.line ?? 1)", message)
    }
}
