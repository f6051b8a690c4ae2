import Glibc
internal import LinuxSystem

/// TCP on 127.0.0.1, as test servers want it: calls that block, and no signal when the other side is gone.
enum LoopbackSocket {
    /// Listens on a port that was free.
    static func listen() throws(TestSupportError) -> Descriptor {
        let listener = try make()
        var address = address(port: 0)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener.raw, $0, addressSize) }
        }
        guard bound == 0, Glibc.listen(listener.raw, 256) == 0 else {
            throw TestSupportError("cannot listen on 127.0.0.1", errorNumber: errno)
        }
        return listener
    }

    static func connect(port: UInt16) throws(TestSupportError) -> Descriptor {
        let connection = try make()
        var address = address(port: port)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(connection.raw, $0, addressSize) }
        }
        guard connected == 0 else {
            throw TestSupportError("cannot connect to port \(port) of 127.0.0.1", errorNumber: errno)
        }
        return connection
    }

    /// The next connection; nil once the listener is shut down.
    static func accept(_ listener: borrowing Descriptor) -> Descriptor? {
        while true {
            let raw = Glibc.accept(listener.raw, nil, nil)
            if raw >= 0 {
                _ = fcntl(raw, F_SETFD, FD_CLOEXEC)
                let connection = Descriptor(taking: raw)
                sendAtOnce(connection)
                return connection
            }
            // The client went away before it was accepted, or there are too many open files for now.
            guard [EINTR, ECONNABORTED, EMFILE, ENFILE].contains(errno) else { return nil }
            usleep(1000)
        }
    }

    static func port(of socket: borrowing Descriptor) -> UInt16 {
        var address = sockaddr_in()
        var size = addressSize
        let failed = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket.raw, $0, &size) }
        }
        return failed == 0 ? UInt16(bigEndian: address.sin_port) : 0
    }

    /// - Returns: how many of `bytes` the kernel took before the other side was gone.
    static func send(_ bytes: ArraySlice<UInt8>, to socket: borrowing Descriptor) -> Int {
        let number = socket.raw
        return bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                let count = Glibc.send(
                    number, buffer.baseAddress?.advanced(by: sent), buffer.count - sent, Int32(MSG_NOSIGNAL))
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { break }
                sent += count
            }
            return sent
        }
    }

    /// What has arrived, after waiting for something; empty at the end of the connection.
    static func receive(_ socket: borrowing Descriptor, atMost limit: Int = 1 << 16) -> [UInt8] {
        let number = socket.raw
        return [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            var received = recv(number, buffer.baseAddress, limit, 0)
            while received < 0 && errno == EINTR { received = recv(number, buffer.baseAddress, limit, 0) }
            count = max(0, received)
        }
    }

    /// Waits until the other side is gone, or this one is shut down.
    ///
    /// - Returns: false when nothing of that happens within `seconds`; nil waits for ever.
    static func waitForEnd(of socket: borrowing Descriptor, seconds: Double?) -> Bool {
        let deadline = seconds.map { monotonicNanoseconds() + UInt64($0 * 1e9) }
        // POLLRDHUP, which Glibc hides; unread bytes are no end.
        var request = pollfd(fd: socket.raw, events: 0x2000, revents: 0)
        while true {
            let now = monotonicNanoseconds()
            let left = deadline.map { $0 > now ? Int32(($0 - now + 999_999) / 1_000_000) : 0 }
            let count = poll(&request, 1, left ?? -1)
            if count > 0 { return true }
            if count == 0 { return false }
        }
    }

    /// Ends the connection for both sides, whoever else has it open, and wakes who waits for it.
    static func shutDown(_ number: Int32) {
        _ = shutdown(number, Int32(SHUT_RDWR))
    }

    /// Makes the other side see "connection reset", whoever else has this socket open: on Linux a connection that is
    /// made one to nowhere is reset, as one that is closed with a linger time of 0 would be.
    static func reset(_ socket: borrowing Descriptor) {
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        _ = Glibc.connect(socket.raw, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }

    private static func make() throws(TestSupportError) -> Descriptor {
        let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard raw >= 0 else { throw TestSupportError("cannot make a socket", errorNumber: errno) }
        let made = Descriptor(taking: raw)
        sendAtOnce(made)
        return made
    }

    /// Small writes go out one by one, so that a client sees them when the script says.
    private static func sendAtOnce(_ socket: borrowing Descriptor) {
        var on: Int32 = 1
        _ = setsockopt(socket.raw, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    private static let addressSize = socklen_t(MemoryLayout<sockaddr_in>.size)

    private static func address(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}
