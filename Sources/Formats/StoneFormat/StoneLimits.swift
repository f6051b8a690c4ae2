/// How much a reader believes before it refuses. Nothing is reserved that these do not allow.
package struct StoneLimits: Hashable, Sendable {
    /// Largest plain size of one Meta payload.
    package var metaSizeMax: UInt64
    /// Largest plain size of one Layout, Index or Attributes payload.
    package var recordsSizeMax: UInt64
    /// Largest plain size of the Content payload; content is streamed, so this bounds disk, not memory.
    package var contentSizeMax: UInt64
    /// Largest window the Content payload's frame may ask for; this and the chunk handed to the caller are the memory
    /// that reading content takes. Frames of modern stones have a window as large as their content.
    package var windowSizeMax: UInt64

    package init(
        metaSizeMax: UInt64 = 16 << 20, recordsSizeMax: UInt64 = 256 << 20, contentSizeMax: UInt64 = 1 << 40,
        windowSizeMax: UInt64 = 1 << 31
    ) {
        self.metaSizeMax = metaSizeMax
        self.recordsSizeMax = recordsSizeMax
        self.contentSizeMax = contentSizeMax
        self.windowSizeMax = windowSizeMax
    }

    /// Old writers asked for a window of 4 MiB whatever the content.
    static let windowSizeFloor: UInt64 = 8 << 20

    func plainSizeMax(_ kind: PayloadKind) -> UInt64 {
        switch kind {
        case .meta: metaSizeMax
        case .content: contentSizeMax
        default: recordsSizeMax
        }
    }

    /// Compression of what cannot be compressed costs three bytes a block and a frame header.
    func storedSizeMax(_ kind: PayloadKind) -> UInt64 {
        let plain = plainSizeMax(kind)
        let (sum, overflow) = plain.addingReportingOverflow(plain / 256 + 64)
        return overflow ? .max : sum
    }
}
