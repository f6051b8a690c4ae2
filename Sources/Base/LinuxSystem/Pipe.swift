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

    /// Keeps the writing end and closes the other.
    package consuming func intoWriting() -> Descriptor {
        writing
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

    /// Leaves the file open for as long as this process lives.
    ///
    /// - Returns: its number.
    package consuming func keepOpen() -> Int32 {
        let number = raw
        discard self
        return number
    }

    /// From now on this process gets ``WaitingSignals/readable`` when something arrives, or the other side closes.
    package func signalWhenReadable() throws(SystemError) {
        guard fcntl(raw, F_SETOWN, getpid()) >= 0 else { throw .last("fcntl") }
        let flags = fcntl(raw, F_GETFL)
        guard flags >= 0, fcntl(raw, F_SETFL, flags | O_ASYNC) >= 0 else { throw .last("fcntl") }
    }
}
