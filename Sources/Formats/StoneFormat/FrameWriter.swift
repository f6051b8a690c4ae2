import Digests
import Zstandard

/// Cuts content into frames of planned sizes and compresses several of them at a time, on threads of libzstd.
///
/// Bytes come out in their order, and are the same however many frames are at work at once.
final class FrameWriter {
    /// A frame at work: its plain bytes, and room for all of its stored ones.
    private final class Slot {
        var compressor: Compressor?
        let plain: UnsafeMutableRawBufferPointer
        let stored: UnsafeMutableRawBufferPointer
        var plainCount = 0
        var storedCount = 0
        var isComplete = false

        init(_ parameters: Compressor.Parameters, capacity: Int) throws(ZstandardError) {
            compressor = try Compressor(parameters)
            plain = .allocate(byteCount: capacity, alignment: 64)
            stored = .allocate(byteCount: try Compressor.bound(capacity), alignment: 64)
        }

        deinit {
            plain.deallocate()
            stored.deallocate()
        }

        /// Hands all plain bytes to the compressor, which goes on by itself where it has a thread.
        func begin() throws(ZstandardError) {
            (storedCount, isComplete) = (0, false)
            try compressor?.begin(pledgedSize: UInt64(plainCount))
            var consumed = 0
            repeat {
                let rest = UnsafeRawBufferPointer(rebasing: plain[consumed..<plainCount])
                consumed += try step(rest)
            } while consumed < plainCount
        }

        /// Waits for the rest of the stored bytes.
        func end() throws(ZstandardError) {
            while !isComplete { _ = try step(UnsafeRawBufferPointer(start: nil, count: 0)) }
            plainCount = 0
        }

        private func step(_ input: UnsafeRawBufferPointer) throws(ZstandardError) -> Int {
            let room = UnsafeMutableRawBufferPointer(rebasing: stored[storedCount...])
            guard let progress = try compressor?.finish(input, into: room) else { return input.count }
            storedCount += progress.produced
            isComplete = progress.isComplete
            return progress.consumed
        }
    }

    private let plan: [UInt64]
    private let parameters: Compressor.Parameters
    private let slotsMax: Int
    private let capacity: Int
    private var idle: [Slot] = []
    /// The oldest first.
    private var atWork: [Slot] = []
    private var filling: Slot?
    private var slotCount = 0
    private var position = 0
    private(set) var frames: [ContentFrame] = []
    /// The one whose bytes were given out last.
    private var current: Slot?

    init(_ plan: [UInt64], _ options: StoneWriterOptions) throws(ZstandardError) {
        self.plan = plan
        // One worker and many give the same bytes, none gives others.
        parameters = Compressor.Parameters(level: options.contentLevel, windowLog: options.windowLog, workers: 1)
        slotsMax = max(1, min(options.contentWorkers, plan.count))
        capacity = Int(plan.max() ?? 0)
        // What cannot work is told before anything is written.
        idle.append(try Slot(parameters, capacity: capacity))
        slotCount = 1
    }

    /// Takes as many of `bytes` as go into the frame that is being filled, and returns how many; none while a finished
    /// frame has to be taken first, see ``next()``.
    func take(_ bytes: UnsafeRawBufferPointer) throws(ZstandardError) -> Int {
        guard position < plan.count, let slot = try slotToFill() else { return 0 }
        let count = min(bytes.count, Int(plan[position]) - slot.plainCount)
        slot.plain[slot.plainCount...].copyBytes(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
        slot.plainCount += count
        if slot.plainCount == Int(plan[position]) { try startFilled(slot) }
        return count
    }

    /// Content without bytes is a frame all the same.
    func startEmpty() throws(ZstandardError) {
        if plan == [0], position == 0, let slot = try slotToFill() { try startFilled(slot) }
    }

    private func startFilled(_ slot: Slot) throws(ZstandardError) {
        filling = nil
        position += 1
        atWork.append(slot)
        try slot.begin()
    }

    private func slotToFill() throws(ZstandardError) -> Slot? {
        if let filling { return filling }
        reclaim()
        if let slot = idle.popLast() {
            filling = slot
        } else if slotCount < slotsMax {
            filling = try Slot(parameters, capacity: capacity)
            slotCount += 1
        }
        return filling
    }

    private func reclaim() {
        if let current { idle.append(current) }
        current = nil
    }

    /// The stored bytes of the oldest frame at work, once it is finished; nil where none is. Valid until the next call.
    func next() throws(ZstandardError) -> UnsafeRawBufferPointer? {
        reclaim()
        guard !atWork.isEmpty else { return nil }
        let slot = atWork.removeFirst()
        let plainSize = UInt64(slot.plainCount)
        try slot.end()
        current = slot
        let bytes = UnsafeRawBufferPointer(rebasing: slot.stored[..<slot.storedCount])
        frames.append(
            ContentFrame(
                storedSize: UInt64(bytes.count), plainSize: plainSize, digest: SHA256Digest(hashing: bytes)))
        return bytes
    }
}
