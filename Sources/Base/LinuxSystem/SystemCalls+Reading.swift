internal import BytePath
import Glibc

/// Calls for reading many files in a row.
extension SystemCalls {
    /// Reads the text of a link into `buffer` and returns how long it is; a longer one is cut.
    package static func readLink(
        _ directory: Int32, _ name: UnsafePointer<CChar>, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int {
        guard let target = buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else { return 0 }
        let count = readlinkat(directory, name, target, buffer.count)
        guard count >= 0 else { throw .last("readlink", BytePath(cString: name)) }
        return count
    }

    /// Asks for the first `size` bytes of the file to be read ahead.
    package static func adviseReading(_ file: Int32, upTo size: UInt64) {
        _ = posix_fadvise(file, 0, off_t(clamping: size), POSIX_FADV_WILLNEED)
    }
}
