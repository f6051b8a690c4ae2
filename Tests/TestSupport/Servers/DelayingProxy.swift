import Glibc
internal import LinuxSystem

/// A distant server: passes TCP connections on to a port of 127.0.0.1, as late and as slowly as a network would.
///
/// Bytes travel: each direction takes half a round trip, however many are on their way, and a new connection one round
/// trip more before its first bytes set out. The bandwidth is one line's, which all connections share, in each direction.
package final class DelayingProxy: Sendable {
    /// What passed so far, of all connections.
    package struct Traffic: Sendable, Hashable {
        package internal(set) var connections = 0
        package internal(set) var bytesUp = 0
        package internal(set) var bytesDown = 0
        /// How often a client spoke after the server had, or first: what takes round trips.
        package internal(set) var exchanges = 0
    }

    package let port: UInt16
    private let line: Guarded<Line>
    private let threads = ServerThreads()

    private struct Line: Sendable {
        let target: UInt16
        let halfTrip: UInt64
        let bytesPerSecond: Int?
        /// Bytes of clients' that still pass; nil for all.
        var bytesLeft: Int?
        var traffic = Traffic()
        /// Until when each direction is taken.
        var busyUntil: [UInt64] = [0, 0]

        /// When bytes that come in now are at the other end.
        mutating func arrival(ofBytes count: Int, direction: Int) -> UInt64 {
            let now = monotonicNanoseconds()
            guard let bytesPerSecond else { return now + halfTrip }
            let start = max(now, busyUntil[direction])
            busyUntil[direction] = start + UInt64(Double(count) / Double(bytesPerSecond) * 1e9)
            return busyUntil[direction] + halfTrip
        }
    }

    /// Who of one connection spoke last.
    private struct Turn: Sendable {
        var isClients = false
    }

    private struct Chunk: Sendable {
        let due: UInt64
        let bytes: [UInt8]
    }

    package init(
        to target: UInt16, roundTripSeconds: Double, bytesPerSecond: Int? = nil, cutAfterBytesUp bytesLeft: Int? = nil
    ) throws(TestSupportError) {
        let listener = try LoopbackSocket.listen()
        port = LoopbackSocket.port(of: listener)
        line = Guarded(
            Line(
                target: target, halfTrip: UInt64(roundTripSeconds / 2 * 1e9), bytesPerSecond: bytesPerSecond,
                bytesLeft: bytesLeft))
        let owned = Shared(listener)
        threads.start { [threads, line] in
            threads.serving(owned.descriptor) {
                while let connection = LoopbackSocket.accept(owned.descriptor), !threads.isEnding {
                    Self.connect(Shared(connection), line, threads)
                }
            }
        }
    }

    deinit { stop() }

    /// Ends every connection and waits until nothing of the proxy is left but its counts.
    package func stop() { threads.end() }

    package var isCut: Bool { line.withLock { $0.bytesLeft == 0 } }

    package var traffic: Traffic { line.withLock { $0.traffic } }

    /// The address of `path` behind the proxy.
    package func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(ServedFiles.absolute(path))" }

    private static func connect(_ client: Shared, _ line: Guarded<Line>, _ threads: ServerThreads) {
        let (target, halfTrip) = line.withLock { line in
            line.traffic.connections += 1
            return (line.target, line.halfTrip)
        }
        guard let connection = try? LoopbackSocket.connect(port: target) else {
            LoopbackSocket.reset(client.descriptor)
            return
        }
        let server = Shared(connection)
        let opened = monotonicNanoseconds() + 3 * halfTrip
        let turn = Guarded(Turn())
        pump(from: client, to: server, direction: 0, notBefore: opened, turn, line, threads)
        pump(from: server, to: client, direction: 1, notBefore: 0, turn, line, threads)
    }

    /// As much of what a side sent as the line still carries.
    private static func carried(_ bytes: [UInt8], _ direction: Int, _ line: Guarded<Line>) -> [UInt8] {
        line.withLock { line in
            guard let left = line.bytesLeft else { return bytes }
            guard direction == 0 else { return left == 0 ? [] : bytes }
            line.bytesLeft = max(0, left - bytes.count)
            return Array(bytes.prefix(left))
        }
    }

    /// Two threads, one that notes when bytes came and one that waits until they are due.
    private static func pump(
        from source: Shared, to target: Shared, direction: Int, notBefore opened: UInt64, _ turn: Guarded<Turn>,
        _ line: Guarded<Line>, _ threads: ServerThreads
    ) {
        // As much as may be on the way at once; who sends more waits, as for any window.
        let onTheWay = BlockingQueue<Chunk>(capacity: 256)
        threads.start {
            threads.serving(source.descriptor) {
                while true {
                    let bytes = carried(LoopbackSocket.receive(source.descriptor), direction, line)
                    let isTurned = turn.withLock { turn in
                        defer { turn.isClients = direction == 0 }
                        return direction == 0 && !turn.isClients
                    }
                    let due = line.withLock { line in
                        if direction == 0 {
                            line.traffic.bytesUp += bytes.count
                        } else {
                            line.traffic.bytesDown += bytes.count
                        }
                        if isTurned && !bytes.isEmpty { line.traffic.exchanges += 1 }
                        return line.arrival(ofBytes: bytes.count, direction: direction)
                    }
                    // Nothing stands for the end, which travels too.
                    if !onTheWay.push(Chunk(due: max(due, opened), bytes: bytes)) || bytes.isEmpty { break }
                }
                onTheWay.close()
            }
        }
        threads.start {
            threads.serving(target.descriptor) {
                while let chunk = onTheWay.pop() {
                    let now = monotonicNanoseconds()
                    if chunk.due > now, !threads.isEnding { usleep(UInt32(clamping: (chunk.due - now) / 1000)) }
                    if chunk.bytes.isEmpty
                        || LoopbackSocket.send(chunk.bytes[...], to: target.descriptor) < chunk.bytes.count
                    {
                        break
                    }
                }
                onTheWay.close()
                _ = shutdown(target.descriptor.raw, Int32(SHUT_WR))
            }
        }
    }
}
