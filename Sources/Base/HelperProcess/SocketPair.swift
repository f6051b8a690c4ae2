import Glibc
package import LinuxSystem

/// Two connected sockets: what is written to one can be read from the other, both ways.
package struct SocketPair: ~Copyable {
    /// For this process.
    package let here: Descriptor
    /// For another.
    package let there: Descriptor

    package init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw SystemError(ErrorNumber(rawValue: errno), call: "socketpair")
        }
        here = Descriptor(taking: ends[0])
        there = Descriptor(taking: ends[1])
    }

    /// Keeps this process's end and closes the other.
    package consuming func intoHere() -> Descriptor {
        here
    }
}

extension Descriptor {
    /// Writes all of `bytes` to a socket. An other side that has gone is an error (EPIPE), and never this process's end.
    package func send(_ bytes: [UInt8]) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw SystemError(ErrorNumber(rawValue: errno), call: "send")
            }
        }
    }

    /// Waits until the other side of a socket has gone; what that sent before may not have been read yet.
    package func waitUntilClosed() throws(SystemError) {
        // Without any event asked for, only the other side's end is one.
        var request = pollfd(fd: raw, events: 0, revents: 0)
        while poll(&request, 1, -1) < 0 {
            guard errno == EINTR else { throw SystemError(ErrorNumber(rawValue: errno), call: "poll") }
        }
    }
}
