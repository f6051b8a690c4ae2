internal import CLinux

/// Bytes that nobody can guess, from the kernel (`getrandom`).
package func randomBytes(_ count: Int) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
        let step = bytes.withUnsafeMutableBytes { buffer in
            retryingInterrupts { moss_getrandom(buffer.baseAddress.map { $0 + filled }, count - filled) }
        }
        guard step > 0 else { throw .last("getrandom") }
        filled += step
    }
    return bytes
}
