/// Where a stone can be had, as a file tells it to a process that fetches it later: how many bytes a second may come, what
/// people know it by, then an address a line.
package struct StonePlaces: Hashable, Sendable {
    /// 0 for no limit.
    package let bandwidth: UInt64
    package let label: String
    package let addresses: [String]

    package init(of item: DownloadItem, bandwidth: UInt64) {
        self.bandwidth = bandwidth
        label = item.label.split(whereSeparator: \.isNewline).joined(separator: " ")
        addresses = item.addresses
    }

    package var encoded: [UInt8] { Array((["\(bandwidth)", label] + addresses).joined(separator: "\n").utf8) }

    package init?(decoding bytes: [UInt8]) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 2, let bandwidth = UInt64(lines[0]) else { return nil }
        self.bandwidth = bandwidth
        label = String(lines[1])
        addresses = lines.dropFirst(2).map(String.init)
    }
}
