import BytePath
import LinuxSystem
import TestSupport
import Testing

/// A ``HostileServer`` that nobody told to do wrong, as curl sees it.
struct HostileServerTests {
    private static let letters = Array("abcdefghijklmnopqrstuvwxyz".utf8)

    @Test func aFileComesAsItIs() throws {
        let server = try HostileServer(["/letters": Self.letters, "empty": [], "a b/ü": Array("odd".utf8)])
        let answer = try Curl(server.url("letters"))
        #expect(answer.exitCode == 0 && answer.status == 200 && answer.body == Self.letters)
        #expect(answer.says("Content-Length: 26") && answer.says("ETag: \"version-"))
        #expect(try Curl(server.url("empty")).body == [])
        #expect(try Curl(server.url("a%20b/%C3%BC?query")).text == "odd")
        #expect(try Curl(server.url("other")).status == 404)
        #expect(try Curl(server.url("letters"), ["--data", "x"]).status == 405)
    }

    @Test func aDirectoryIsServedAsItIs() throws {
        try withScratchDirectory { scratch in
            let directory = try Descriptor.openDirectory(scratch)
            try directory.open("file", [.write, .create]).write(Array("one".utf8))
            let server = try HostileServer(directory: scratch)
            #expect(try Curl(server.url("file")).text == "one")
            try directory.open("file", [.write, .truncate]).write(Array("other".utf8))
            #expect(try Curl(server.url("file")).text == "other")
            #expect(try Curl(server.url("file/../file"), ["--path-as-is"]).status == 404)
            #expect(try Curl(server.url("")).status == 404)
            server.put("file", Array("put".utf8))
            #expect(try Curl(server.url("file")).text == "put")
        }
    }

    @Test(arguments: [
        ("0-0", "a", "bytes 0-0/26"), ("24-", "yz", "bytes 24-25/26"), ("-3", "xyz", "bytes 23-25/26"),
        ("20-99", "uvwxyz", "bytes 20-25/26"), ("-99", "abcdefghijklmnopqrstuvwxyz", "bytes 0-25/26"),
        ("0-9223372036854775807", "abcdefghijklmnopqrstuvwxyz", "bytes 0-25/26"),
        ("2-18446744073709551615", "cdefghijklmnopqrstuvwxyz", "bytes 2-25/26"),
    ])
    func aRangeIsThatPart(range: String, part: String, told: String) throws {
        let server = try HostileServer(["/letters": Self.letters])
        let answer = try Curl(server.url("letters"), ["--range", range])
        #expect(answer.status == 206 && answer.text == part && answer.says("Content-Range: \(told)"))
        #expect(server.log.map(\.range) == ["bytes=\(range)"])
        #expect(server.log.map(\.bodyBytesSent) == [part.utf8.count])
    }

    @Test(arguments: ["bytes=5-2", "bytes=1-2,4-5", "bytes=-", "bytes=x-", "lines=1-2", "bytes=+1-2"])
    func whatIsNoSingleRangeIsIgnored(range: String) throws {
        let server = try HostileServer(["/letters": Self.letters])
        let answer = try Curl(server.url("letters"), ["--header", "Range: \(range)"])
        #expect(answer.status == 200 && answer.body == Self.letters)
    }

    @Test(arguments: ["bytes=26-", "bytes=-0", "bytes=99999999999999999999-", "bytes=18446744073709551615-"])
    func aRangeBehindTheEndIsRefused(range: String) throws {
        let server = try HostileServer(["/letters": Self.letters])
        let answer = try Curl(server.url("letters"), ["--header", "Range: \(range)"])
        if range.contains("99999999999999999999") {
            // No number of 64 bits.
            #expect(answer.status == 200)
        } else {
            #expect(answer.status == 416 && answer.says("Content-Range: bytes */26"))
        }
    }

    @Test func conditionsHoldForOneVersion() throws {
        let server = try HostileServer(["/file": Array("old".utf8)])
        let first = try Curl(server.url("file"))
        let tag = try #require(first.headers.first { $0.hasPrefix("ETag: ") }).dropFirst(6)
        let date = try #require(first.headers.first { $0.hasPrefix("Last-Modified: ") }).dropFirst(15)
        let unchanged = [
            "If-None-Match: \(tag)", "If-None-Match: \"x\", W/\(tag)", "If-None-Match: *", "If-Modified-Since: \(date)",
            "If-Modified-Since: Fri, 01 Jan 2038 00:00:00 GMT",
        ]
        for condition in unchanged {
            #expect(try Curl(server.url("file"), ["--header", condition]).status == 304, "\(condition)")
        }
        for condition in ["If-Range: \(tag)", "If-Range: \(date)"] {
            #expect(try Curl(server.url("file"), ["--header", condition, "--range", "1-"]).text == "ld")
        }
        server.put("file", Array("new".utf8))
        for condition in unchanged where !condition.contains("*") && !condition.contains("2038") {
            #expect(try Curl(server.url("file"), ["--header", condition]).text == "new", "\(condition)")
        }
        for condition in ["If-Range: \(tag)", "If-Range: \(date)", "If-Range: W/\(tag)"] {
            #expect(try Curl(server.url("file"), ["--header", condition, "--range", "1-"]).text == "new")
        }
        server.remove("file")
        #expect(try Curl(server.url("file")).status == 404)
    }

    @Test func oneConnectionServesManyRequests() throws {
        let server = try HostileServer(["/a": Array("1".utf8), "/b": Array("2".utf8)])
        let answer = try Curl(urls: ["a", "b", "none", "a"].map(server.url))
        #expect(answer.text == "12no such file\n1" && answer.connections == 1)
        #expect(server.log.map(\.connection) == [1, 1, 1, 1])
        #expect(server.log.map(\.path) == ["/a", "/b", "/none", "/a"])
        #expect(server.waitUntilIdle())
        #expect(try Curl(server.url("a"), ["--head"]).says("Content-Length: 1"))
        #expect(try Curl(server.url("a"), ["--http1.0"]).text == "1")
        #expect(server.log.suffix(2).map(\.method) == ["HEAD", "GET"])
        #expect(server.log.suffix(2).map(\.bodyBytesSent) == [0, 1])
        #expect(server.connections.accepted == 3 && server.connections.openMax == 1)
    }

    @Test func bodiesOfRequestsAreLogged() throws {
        let server = try HostileServer([:])
        let body = String(repeating: "x", count: 70_000)
        _ = try Curl(server.url("up"), ["--request", "PUT", "--data", body, "--header", "X-Mark: 7"])
        #expect(server.log.map(\.body.count) == [70_000])
        #expect(server.log.first?.request["x-mark"] == "7")
    }

    @Test func datesAreReadAsTheyAreWritten() {
        for seconds in [0, 784_111_777, 1_700_000_001, 4_102_444_799] as [Int64] {
            #expect(HTTPDate.seconds(HTTPDate.text(seconds)) == seconds)
        }
        #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.seconds("yesterday") == nil)
    }
}
