internal import BytePath

/// The numbers of users or groups that there are in this process's user namespace.
package struct IdentifierMap: Hashable, Sendable {
    private let ranges: [ClosedRange<UInt64>]

    package static func users() -> IdentifierMap { IdentifierMap(reading: "uid_map") }
    package static func groups() -> IdentifierMap { IdentifierMap(reading: "gid_map") }

    /// Where /proc is not there to tell, all of them.
    private init(reading name: BytePath) {
        guard let proc = try? Descriptor.openDirectory("/proc/self"),
            let bytes = try? proc.open(name).readToEnd(limit: 1 << 16)
        else {
            self.init(text: "0 0 4294967295")
            return
        }
        self.init(text: String(decoding: bytes, as: UTF8.self))
    }

    /// - Parameter text: lines of the first number inside, the first number outside, and how many there are.
    package init(text: String) {
        ranges = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ").compactMap { UInt64($0) }
            guard fields.count == 3, fields[2] > 0 else { return nil }
            let (end, overflows) = fields[0].addingReportingOverflow(fields[2] - 1)
            return fields[0]...(overflows ? .max : end)
        }
    }

    package func contains(_ number: UInt32) -> Bool { ranges.contains { $0.contains(UInt64(number)) } }

    /// Whether there is one number only, as where a user made the namespace with no more than the own.
    package var isSingle: Bool { ranges.reduce(0) { $0 &+ UInt64($1.count) } <= 1 }

    package var isWhole: Bool { ranges.contains { $0.lowerBound == 0 && $0.upperBound >= UInt64(UInt32.max) - 1 } }
}
