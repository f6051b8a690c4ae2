internal import CLinux
import Glibc

/// Two connected descriptors: what is written to one can be read from the other.
package struct Pipe: ~Copyable {
    package let reading: Descriptor
    package let writing: Descriptor

    package init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard moss_pipe(&ends) == 0 else { throw .last("pipe2") }
        reading = Descriptor(taking: ends[0])
        writing = Descriptor(taking: ends[1])
    }

    /// Keeps the reading end and closes the other.
    package consuming func intoReading() -> Descriptor {
        reading
    }
}

extension Descriptor {
    /// Waits until there is something to read, or the other side has closed.
    ///
    /// - Returns: false when nothing of that happens within `milliseconds`.
    package func waitUntilReadable(milliseconds: Int32) throws(SystemError) -> Bool {
        var request = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
        let count = retryingInterrupts { poll(&request, 1, milliseconds) }
        guard count >= 0 else { throw .last("poll") }
        return count > 0
    }
}
