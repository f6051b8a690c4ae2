/// Room that something takes on a file system. Sums that no disk could hold stay at the largest number there is.
package struct SpaceNeeds: Hashable, Sendable {
    package private(set) var bytes: UInt64 = 0
    package private(set) var inodes: UInt64 = 0
    /// What the file system hands out at once.
    package let blockSize: UInt64

    package init(blockSize: UInt64) {
        self.blockSize = max(blockSize, 1)
    }

    /// Adds files of `size` bytes each, in whole blocks.
    package mutating func add(files count: UInt64, of size: UInt64) {
        let (sum, overflow) = size.addingReportingOverflow(blockSize - 1)
        add(bytes: overflow ? .max : sum / blockSize * blockSize, times: count)
        add(inodes: count)
    }

    package mutating func add(bytes count: UInt64, times: UInt64 = 1) {
        let (product, overflow) = count.multipliedReportingOverflow(by: times)
        let (sum, carry) = bytes.addingReportingOverflow(overflow ? .max : product)
        bytes = carry ? .max : sum
    }

    package mutating func add(inodes count: UInt64) {
        let (sum, carry) = inodes.addingReportingOverflow(count)
        inodes = carry ? .max : sum
    }
}
