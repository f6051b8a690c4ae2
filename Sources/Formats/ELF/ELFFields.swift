/// A piece of an ELF file with integers in the file's byte order.
struct ELFFields {
    let bytes: [UInt8]
    let isBigEndian: Bool

    /// The unsigned integer of `width` bytes at `start`; both must lie inside, as callers sized the piece.
    func integer(at start: Int, _ width: Int) -> UInt64 {
        var value: UInt64 = 0
        for step in 0..<width {
            value = value << 8 | UInt64(bytes[isBigEndian ? start + step : start + width - 1 - step])
        }
        return value
    }

    /// The descriptor of the first GNU build-id note (name "GNU", type 3) of a note segment.
    func buildID(alignment: Int) -> [UInt8]? {
        var position = 0
        while position <= bytes.count - 12 {
            let nameSize = Int(integer(at: position, 4))
            let size = Int(integer(at: position + 4, 4))
            let type = integer(at: position + 8, 4)
            // 32-bit sizes in 64-bit arithmetic: these sums cannot overflow.
            let name = position + 12
            let descriptor = (name + nameSize + alignment - 1) / alignment * alignment
            guard descriptor + size <= bytes.count else { return nil }
            if type == 3, nameSize == 4, bytes[name..<(name + 4)].elementsEqual([0x47, 0x4e, 0x55, 0]), size > 0 {
                return Array(bytes[descriptor..<(descriptor + size)])
            }
            position = (descriptor + size + alignment - 1) / alignment * alignment
        }
        return nil
    }
}
