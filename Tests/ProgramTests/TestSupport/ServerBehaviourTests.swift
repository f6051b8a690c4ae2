import BytePath
import TestSupport
import Testing

/// Everything a ``HostileServer`` can be told to do wrong, as curl sees it.
struct ServerBehaviourTests {
    private static let content = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    /// Serves one file at `/file`, the next requests for it by `attempts`.
    private func server(_ attempts: ServerBehaviour...) throws -> HostileServer {
        let server = try HostileServer(["/file": Self.content])
        server.script("file", attempts)
        return server
    }

    @Test func attemptsAreCountedByPath() throws {
        let server = try server(.status(503, retryAfter: 1), .status(403))
        server.put("other", Array("fine".utf8))
        let first = try Curl(server.url("file"))
        #expect(first.status == 503 && first.says("Retry-After: 1"))
        #expect(try Curl(server.url("other")).text == "fine")
        #expect(try Curl(server.url("file")).status == 403)
        #expect(try Curl(server.url("file")).body == Self.content)
        server.script("file", always: .status(500))
        server.scriptOthers([.status(404)], afterwards: .page("sign in"))
        let statuses = try (0..<3).map { _ in try Curl(server.url("file")).status }
        #expect(statuses == [500, 500, 500])
        #expect(try Curl(server.url("other")).status == 404)
        #expect(try Curl(server.url("fourth")).text == "sign in")
        #expect(server.log(of: "file").map(\.status) == [503, 403, 200, 500, 500, 500])
    }

    @Test func redirectsLeadAnywhere() throws {
        let server = try server()
        let other = try HostileServer(["/there": Array("elsewhere".utf8)])
        server.script("relative", always: .redirect("file"))
        server.script("abroad", always: .redirect(other.url("there"), status: 307))
        server.script("passwords", always: .redirect("file:///etc/passwd"))
        server.script("loop", always: .redirect("/loop", status: 301))
        server.scriptChain(from: "chain", to: "/file", count: 5)
        #expect(try Curl(server.url("relative"), ["--location"]).body == Self.content)
        #expect(try Curl(server.url("abroad"), ["--location"]).text == "elsewhere")
        #expect(try Curl(server.url("passwords"), ["--location"]).exitCode == Curl.unsupportedProtocol)
        #expect(try Curl(server.url("loop"), ["--location", "--max-redirs", "9"]).exitCode == Curl.redirects)
        #expect(server.log(of: "loop").count == 10)
        #expect(try Curl(server.url("chain"), ["--location", "--max-redirs", "5"]).body == Self.content)
        #expect(try Curl(server.url("chain"), ["--location", "--max-redirs", "4"]).exitCode == Curl.redirects)
    }

    @Test(
        arguments: [
            (.hangUp, Curl.nothing, 0), (.truncate(afterBytes: 70_000), Curl.partialFile, 70_000),
            (.truncate(afterBytes: 0), Curl.partialFile, 0), (.reset(afterBytes: 1000), Curl.receiving, 1000),
            (.reset(afterBytes: 0), Curl.receiving, 0), (.contentLength("200001"), Curl.partialFile, 200_000),
            (.contentLength("150000"), 0, 150_000), (.contentLength(nil), 0, 200_000),
            (.contentLength("9223372036854775807"), Curl.partialFile, 200_000),
            (.contentLength("-5"), Curl.weirdAnswer, 0),
            (.chunked(endingAfterBytes: 70_000), Curl.partialFile, 70_000), (.chunked(), 0, 200_000),
            (.garbage(Array("\u{1}\u{2}\u{3} no HTTP\r\n\r\n".utf8)), Curl.unsupportedProtocol, 0),
            (.closeAfterwards, 0, 200_000),
            (.interim(3), 0, 200_000),
        ] as [(ServerBehaviour, Int32, Int)])
    func anEndComesWhereItIsTold(behaviour: ServerBehaviour, exitCode: Int32, count: Int) throws {
        let server = try server(behaviour)
        let answer = try Curl(server.url("file"))
        #expect(answer.exitCode == exitCode)
        #expect(answer.body == Array(Self.content.prefix(count)))
        #expect(server.waitUntilIdle())
        #expect(try Curl(server.url("file")).body == Self.content)
    }

    @Test func wrongBytesLookLikeRightOnes() throws {
        let server = try server(.flip(at: 150_000), .flip(at: 150_000), .flip(at: 150_000))
        var wrong = Self.content
        wrong[150_000] ^= 0x10
        #expect(try Curl(server.url("file")).body == wrong)
        #expect(try Curl(server.url("file"), ["--range", "149999-"]).body == Array(wrong[149_999...]))
        #expect(try Curl(server.url("file"), ["--range", "0-9"]).body == Array(Self.content[..<10]))
    }

    @Test func rangesAreNotWhatWasAskedFor() throws {
        let server = try server(
            .ignoreRange, .ignoreRange, .contentRange("bytes 5-9/7"), .shiftRange(by: 3), .shiftRange(by: -3))
        let whole = try Curl(server.url("file"), ["--header", "Range: bytes=10-19"])
        #expect(whole.status == 200 && whole.body == Self.content)
        #expect(try Curl(server.url("file"), ["--header", "Range: bytes=200000-"]).body == Self.content)
        let lie = try Curl(server.url("file"), ["--header", "Range: bytes=10-19"])
        #expect(lie.status == 206 && lie.says("Content-Range: bytes 5-9/7"))
        #expect(try Curl(server.url("file"), ["--range", "10-19"]).body == Array(Self.content[13..<23]))
        let wrapped = try Curl(server.url("file"), ["--range", "1-4"])
        #expect(wrapped.body == Array(Self.content[199_998...]) + Array(Self.content[..<2]))
        #expect(wrapped.says("Content-Range: bytes 1-4/200000"))
    }

    @Test func contentChangesBetweenRequests() throws {
        let server = try server(.normal, .change(to: Array("other".utf8)))
        let tag = try #require(try Curl(server.url("file")).headers.first { $0.hasPrefix("ETag: ") })
        let after = try Curl(server.url("file"), ["--range", "1-", "--header", "If-Range: \(tag.dropFirst(6))"])
        #expect(after.status == 200 && after.text == "other" && !after.says(tag))
        #expect(try Curl(server.url("file")).text == "other")
    }

    @Test func thereIsNoEnd() throws {
        let server = try server(.endlessBody, .endlessHeader, .manyHeaders(500))
        let body = try Curl(
            server.url("file"), ["--max-filesize", "100000", "--output", "/dev/null", "--max-time", "0.5"])
        #expect(body.exitCode == Curl.timeOut)
        let header = try Curl(server.url("file"))
        #expect(header.exitCode != 0 && header.exitCode != Curl.timeOut && header.body == [])
        let many = try Curl(server.url("file"))
        #expect(many.body == Self.content && many.says("X-Number-499: 499"))
        #expect(server.log[0].bodyBytesSent > 1_000_000)
        #expect(server.waitUntilIdle())
    }

    @Test func compressionNobodyAskedFor() throws {
        let server = try server(.gzip, .gzip)
        let raw = try Curl(server.url("file"))
        #expect(raw.says("Content-Encoding: gzip") && raw.body.starts(with: [0x1f, 0x8b]))
        #expect(try Curl(server.url("file"), ["--compressed"]).body == Self.content)
    }

    @Test func timePasses() throws {
        let server = try server(
            .stall(afterBytes: 1000), .silence(seconds: .infinity), .trickle(bytesPerSecond: 100),
            .all([.stall(afterBytes: 500, seconds: 0.01), .flip(at: 0)]), .silence(seconds: 0.01))
        let stalled = try Curl(server.url("file"), ["--max-time", "0.5"])
        #expect(stalled.exitCode == Curl.timeOut && stalled.body == Array(Self.content[..<1000]))
        let silent = try Curl(server.url("file"), ["--max-time", "0.3"])
        #expect(silent.exitCode == Curl.timeOut && silent.status == 0)
        let slow = try Curl(server.url("file"), ["--max-time", "0.5"])
        #expect(slow.exitCode == Curl.timeOut && (1..<1000).contains(slow.body.count))
        #expect(try Curl(server.url("file")).body.dropFirst() == Self.content.dropFirst())
        #expect(try Curl(server.url("file")).body == Self.content)
        #expect(server.waitUntilIdle())
    }

    @Test func answersNobodyWaitsFor() throws {
        let server = try server(.unasked(Array("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil".utf8)), .early)
        // curl closes a connection on which more arrived than it asked for, and so gets its own answer.
        #expect(try Curl(server.url("file")).body == Self.content)
        let early = try Curl(server.url("file"), ["--data", "xyz", "--request", "GET"])
        #expect(early.body == Self.content)
        #expect(server.log.map(\.body) == [[], []])
    }

    @Test func aServerEndsWithAllItsConnections() throws {
        let server = try server(.stall(afterBytes: 10))
        let client = try Command("curl", ["--noproxy", "*", "-s", BytePath(server.url("file"))]).start()
        #expect(waitUntil { server.connections.open == 1 })
        server.stop()
        #expect(server.connections.open == 0)
        // Depends on how much of the answer it had.
        let exitCode = try client.wait().exitCode ?? 0
        #expect([Curl.partialFile, Curl.nothing, Curl.receiving].contains(exitCode), "\(exitCode)")
        #expect(try Curl(server.url("file")).exitCode == 7)
    }
}
