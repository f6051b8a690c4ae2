import LinuxSystem
import TestSupport
import Testing

/// A ``DelayingProxy`` between curl and a ``HostileServer``.
struct DelayingProxyTests {
    private static let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    /// Never less than promised; more is the machine's business.
    @Test func everyRequestTakesARoundTrip() throws {
        let server = try HostileServer(["/file": Self.content, "/small": Array("small".utf8)])
        let proxy = try DelayingProxy(to: server.port, roundTripSeconds: 0.05)
        let start = monotonicNanoseconds()
        let answer = try Curl(urls: ["small", "file", "small"].map(proxy.url))
        let took = monotonicNanoseconds() - start
        #expect(answer.body == Array("small".utf8) + Self.content + Array("small".utf8))
        // Three requests, and the connection.
        #expect(took >= 200_000_000)
        #expect(proxy.traffic.connections == 1 && proxy.traffic.exchanges == 3)
        #expect(proxy.traffic.bytesDown == server.log.reduce(0) { $0 + $1.bytesSent })
        #expect(server.waitUntilIdle())
    }

    @Test func theLineIsShared() throws {
        let server = try HostileServer(["/file": Self.content])
        let proxy = try DelayingProxy(to: server.port, roundTripSeconds: 0, bytesPerSecond: 2_000_000)
        let start = monotonicNanoseconds()
        let both = try Curl(
            urls: ["file", "file"].map(proxy.url), ["--parallel", "--parallel-immediate", "--output", "/dev/null"])
        #expect(both.exitCode == 0 && both.status == 200)
        #expect(monotonicNanoseconds() - start >= 300_000_000)
        #expect(proxy.traffic.connections == 2 && proxy.traffic.bytesDown > 600_000)
    }

    @Test func endsAndTheirReasonsPass() throws {
        let server = try HostileServer(["/file": Self.content])
        server.script("file", [.truncate(afterBytes: 1000), .stall(afterBytes: 0)])
        let proxy = try DelayingProxy(to: server.port, roundTripSeconds: 0.01)
        #expect(try Curl(proxy.url("file")).exitCode == Curl.partialFile)
        #expect(try Curl(proxy.url("file"), ["--max-time", "0.3"]).exitCode == Curl.timeOut)
        #expect(server.waitUntilIdle())
        server.stop()
        #expect(try Curl(proxy.url("file")).status == 0)
        proxy.stop()
        #expect(try Curl(proxy.url("file")).exitCode == 7)
    }
}
