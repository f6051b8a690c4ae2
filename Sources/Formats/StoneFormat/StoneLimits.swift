import PackageModel

/// How much a reader believes before it refuses. Nothing is reserved that these do not allow.
///
/// | of | at most | for comparison |
/// |---|---|---|
/// | one Meta payload | 16 MiB, 262,144 records | the largest real packages provide some thousand things |
/// | all Meta payloads of a file | 256 MiB, 4,194,304 records | an index of 20,000 packages has a few tens of MiB |
/// | one text of a Meta payload | 1 MiB | descriptions have some KiB |
/// | all Layout payloads of a file | 128 MiB, 1,048,576 entries | a kernel's or TeX's 200,000 files take 25 MiB |
/// | all Index payloads, all Attributes payloads | the same | 32 bytes a file |
/// | what is kept of a stone besides its content | 256 MiB as stored | |
/// | content | 1 TiB, with a window of 2 GiB | |
package struct StoneLimits: Hashable, Sendable {
    /// Largest plain size of one Meta payload.
    package var metaSizeMax: UInt64
    /// Largest plain size of all Meta payloads of one file together.
    package var metaSizeTotalMax: UInt64
    /// Most records of one Meta payload.
    package var metaRecordsMax: UInt64
    /// Most records of all Meta payloads of one file together.
    package var metaRecordsTotalMax: UInt64
    /// Largest plain size of all Layout, all Index or all Attributes payloads of one file together.
    package var recordsSizeMax: UInt64
    /// Most records of all Layout, all Index or all Attributes payloads of one file together.
    package var recordsMax: UInt64
    /// Largest plain size of the Content payload; content is streamed, so this bounds disk, not memory.
    package var contentSizeMax: UInt64
    /// Largest window the Content payload's frame may ask for; this and the chunk handed to the caller are the memory
    /// that reading content takes. Frames of modern stones have a window as large as their content.
    package var windowSizeMax: UInt64
    /// Largest stored size of all payloads together that a manifest is made of.
    package var manifestSizeMax: UInt64

    package init(
        metaSizeMax: UInt64 = 16 << 20, metaSizeTotalMax: UInt64 = 256 << 20, metaRecordsMax: UInt64 = 1 << 18,
        metaRecordsTotalMax: UInt64 = 4 << 20, recordsSizeMax: UInt64 = 128 << 20, recordsMax: UInt64 = 1 << 20,
        contentSizeMax: UInt64 = 1 << 40, windowSizeMax: UInt64 = 1 << 31, manifestSizeMax: UInt64 = 256 << 20
    ) {
        self.metaSizeMax = metaSizeMax
        self.metaSizeTotalMax = metaSizeTotalMax
        self.metaRecordsMax = metaRecordsMax
        self.metaRecordsTotalMax = metaRecordsTotalMax
        self.recordsSizeMax = recordsSizeMax
        self.recordsMax = recordsMax
        self.contentSizeMax = contentSizeMax
        self.windowSizeMax = windowSizeMax
        self.manifestSizeMax = manifestSizeMax
    }

    /// Longest text of a Meta payload.
    package static let textSizeMax = 1 << 20

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

    /// Why `totals` of payloads of one kind are refused; nil where they are fine.
    package func problem(_ totals: RecordTotals, of kind: PayloadKind) -> String? {
        let (sizeMax, recordsMax) =
            kind == .meta ? (metaSizeTotalMax, metaRecordsTotalMax) : (recordsSizeMax, recordsMax)
        if totals.size > sizeMax {
            return "all \(kind.name) payloads up to here have \(totals.size) plain bytes, more than \(sizeMax)"
        }
        if totals.records > recordsMax {
            return "all \(kind.name) payloads up to here have \(totals.records) records, more than \(recordsMax)"
        }
        return nil
    }
}

/// What payloads of one kind have together: each may be within its limit and all of them far out of it.
package struct RecordTotals: Hashable, Sendable {
    /// Plain bytes.
    package var size: UInt64
    package var records: UInt64

    package init(size: UInt64 = 0, records: UInt64 = 0) {
        self.size = size
        self.records = records
    }

    package static func += (left: inout RecordTotals, right: RecordTotals) {
        left.size.addSaturated(right.size)
        left.records.addSaturated(right.records)
    }
}

extension PayloadHeader {
    /// What this payload adds to the others of its kind.
    package var totals: RecordTotals { RecordTotals(size: plainSize, records: UInt64(recordCount)) }
}
