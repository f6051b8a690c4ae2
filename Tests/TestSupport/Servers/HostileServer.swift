package import BytePath
internal import LinuxSystem

/// An HTTP/1.1 server that does everything right, except what it is told to do wrong.
///
/// It has a free port of 127.0.0.1 and threads of its own, and ends with its owner or with the process.
package final class HostileServer: Sendable {
    package let port: UInt16
    private let desk: HostileServerDesk
    private let threads = ServerThreads()

    /// - Parameter files: contents by path.
    package convenience init(_ files: [String: [UInt8]]) throws(TestSupportError) {
        try self.init(ServedFiles(files, directory: nil))
    }

    /// Serves what lies below `directory`, as it is at each request; what ``put(_:_:)`` adds goes first.
    package convenience init(directory: BytePath) throws(TestSupportError) {
        try self.init(ServedFiles([:], directory: directory))
    }

    private init(_ files: ServedFiles) throws(TestSupportError) {
        let listener = try LoopbackSocket.listen()
        port = LoopbackSocket.port(of: listener)
        desk = HostileServerDesk(files)
        let owned = Shared(listener)
        threads.start { [threads, desk] in
            threads.serving(owned.descriptor) {
                while let connection = LoopbackSocket.accept(owned.descriptor), !threads.isEnding {
                    let connection = Shared(connection)
                    threads.start {
                        threads.serving(connection.descriptor) { desk.serve(connection.descriptor) }
                    }
                }
            }
        }
    }

    deinit { stop() }

    /// Ends every connection and waits until nothing of the server is left but its log.
    package func stop() { threads.end() }

    /// The address of `path` here.
    package func url(_ path: String) -> String {
        "http://127.0.0.1:\(port)\(ServedFiles.absolute(path))"
    }

    /// Offers a file, or other bytes for one, with another entity tag.
    package func put(_ path: String, _ bytes: [UInt8]) {
        desk.state.withLock { $0.files.put(path, bytes) }
    }

    package func remove(_ path: String) {
        desk.state.withLock { $0.files.remove(path) }
    }

    /// What happens to the next requests for `path`, whatever their method: one after the other, then `afterwards`.
    package func script(_ path: String, _ attempts: [ServerBehaviour], afterwards: ServerBehaviour = .normal) {
        desk.state.withLock { $0.scripts[ServedFiles.absolute(path)] = (attempts[...], afterwards) }
    }

    /// What happens to every request for `path`.
    package func script(_ path: String, always: ServerBehaviour) {
        script(path, [], afterwards: always)
    }

    /// What happens to requests for paths without a script of their own, counted together.
    package func scriptOthers(_ attempts: [ServerBehaviour], afterwards: ServerBehaviour = .normal) {
        desk.state.withLock { $0.others = (attempts[...], afterwards) }
    }

    /// Redirects from `path` over `count` further paths to `target`.
    package func scriptChain(from path: String, to target: String, count: Int) {
        var here = path
        for number in 1...max(1, count) {
            let next = number == count ? target : "\(ServedFiles.absolute(path)).hop-\(number)"
            script(here, always: .redirect(next))
            here = next
        }
    }

    /// The requests so far, in the order in which they were read.
    package var log: [LoggedRequest] { desk.state.withLock { $0.log } }

    /// Those for one path.
    package func log(of path: String) -> [LoggedRequest] {
        log.filter { $0.path == ServedFiles.absolute(path) }
    }

    package var connections: ConnectionCounts { desk.state.withLock { $0.connections } }

    /// Waits until no connection is open: a client's end reaches the server a little later.
    ///
    /// - Returns: false when there still is one after `seconds`.
    package func waitUntilIdle(seconds: Double = 30) -> Bool {
        waitUntil(seconds: seconds) { connections.open == 0 }
    }
}

/// A request that a ``HostileServer`` read, and what became of it.
package struct LoggedRequest: Sendable {
    package let request: HTTPRequest
    /// The body; empty where it was not read.
    package internal(set) var body: [UInt8] = []
    /// Connections count from 1.
    package let connection: Int
    /// What a client may have got of the answer: everything, and the body alone.
    package internal(set) var bytesSent = 0
    package internal(set) var bodyBytesSent = 0
    /// The answer's; 0 where there was none.
    package internal(set) var status = 0

    package var method: String { request.method }
    package var path: String { request.path ?? request.target }
    package var range: String? { request.range }
}

/// How many connections a server had.
package struct ConnectionCounts: Sendable, Hashable {
    package internal(set) var accepted = 0
    package internal(set) var open = 0
    /// The most that were open at once.
    package internal(set) var openMax = 0

    mutating func begin() -> Int {
        accepted += 1
        open += 1
        openMax = max(openMax, open)
        return accepted
    }
}

/// A descriptor that a thread's closure can take along.
final class Shared: Sendable {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }
}
