import BytePath
import Glibc
import TestSupport
import Testing

/// The S3 server as tests start it: that it is one, and checks who asks.
@Suite(.needsS3Server) struct S3ServerTests {
    private struct Client {
        let server: S3Server
        var secret: String?

        func request(_ method: String, _ key: String, _ options: [String] = []) throws -> Curl {
            let own = [
                "--aws-sigv4", "aws:amz:\(server.region):s3", "--user",
                "\(server.accessKey):\(secret ?? server.secretKey)", "--header",
                "x-amz-content-sha256: UNSIGNED-PAYLOAD", method == "HEAD" ? "--head" : "--request\(method)",
            ]
            return try Curl(server.url("moss", key), own.map { $0.replacing("--request", with: "-X") } + options)
        }

        func put(_ key: String, _ text: String, _ options: [String] = []) throws -> Curl {
            try request("PUT", key, ["--data-binary", text] + options)
        }
    }

    /// One server for all, as it takes a second to start.
    @Test func itSpeaksS3() throws {
        let client = Client(server: try S3Server())
        try objectsComeAndGo(client)
        try signaturesAreChecked(client)
        try conditionsAreChecked(client)
        try listingsGoOn(client)
        try uploadsHaveParts(client)
        let port = client.server.port
        client.server.stop()
        #expect(try Curl("http://127.0.0.1:\(port)/").exitCode == 7)
    }

    private func objectsComeAndGo(_ client: Client) throws {
        #expect(try client.put("dir/a", "0123456789").status == 200)
        #expect(try client.request("GET", "dir/a").text == "0123456789")
        let part = try client.request("GET", "dir/a", ["--range", "3-5"])
        #expect(part.status == 206 && part.text == "345" && part.says("Content-Range: bytes 3-5/10"))
        #expect(try client.request("GET", "dir/a", ["--range", "10-"]).status == 416)
        #expect(try client.request("HEAD", "dir/a").says("Content-Length: 10"))
        #expect(try client.request("DELETE", "dir/a").status == 204)
        #expect(try client.request("GET", "dir/a").status == 404)
    }

    private func signaturesAreChecked(_ client: Client) throws {
        _ = try client.put("signed", "x")
        let wrong = try Client(server: client.server, secret: "wrong").request("GET", "signed")
        #expect(wrong.status == 403 && wrong.text.contains("SignatureDoesNotMatch"))
        #expect(try Client(server: client.server, secret: "wrong").put("signed", "y").status == 403)
        #expect(try Curl(client.server.url("moss", "signed")).status == 403)
        #expect(try client.request("GET", "signed").text == "x")
    }

    private func conditionsAreChecked(_ client: Client) throws {
        let tag = try #require(try client.put("once", "1").headers.first { $0.lowercased().hasPrefix("etag: ") })
            .dropFirst(6)
        #expect(try client.request("GET", "once", ["--header", "If-None-Match: \(tag)"]).status == 304)
        #expect(try client.put("once", "2", ["--header", "If-None-Match: *"]).status == 412)
        #expect(try client.put("once", "2", ["--header", "If-Match: \"0\""]).status == 412)
        #expect(try client.put("once", "3", ["--header", "If-Match: \(tag)"]).status == 200)
        #expect(try client.request("GET", "once").text == "3")
    }

    private func listingsGoOn(_ client: Client) throws {
        for number in 1...3 { _ = try client.put("list/\(number)", "x") }
        let first = try client.request("GET", "?list-type=2&max-keys=2&prefix=list%2F").text
        #expect(first.contains("<Key>list/2</Key>") && !first.contains("<Key>list/3</Key>"))
        #expect(first.contains("<IsTruncated>true</IsTruncated>"))
        let token = try #require(Self.element("NextContinuationToken", in: first))
        let escaped = token.replacing("/", with: "%2F").replacing("+", with: "%2B").replacing("=", with: "%3D")
        let rest = try client.request("GET", "?continuation-token=\(escaped)&list-type=2&prefix=list%2F").text
        #expect(rest.contains("<Key>list/3</Key>") && !rest.contains("<Key>list/2</Key>"))
    }

    private func uploadsHaveParts(_ client: Client) throws {
        let upload = try #require(Self.element("UploadId", in: try client.request("POST", "large?uploads=").text))
        let large = String(repeating: "a", count: 5 << 20)
        try withScratchDirectory { scratch in
            let file = scratch.appending("part").display
            #expect(TestFiles.write(Array(large.utf8), to: file))
            var parts = ""
            for (number, data) in [(1, "@\(file)"), (2, "the end")] {
                let part = try client.put("large?partNumber=\(number)&uploadId=\(upload)", data)
                let tag = try #require(part.headers.first { $0.lowercased().hasPrefix("etag: ") }).dropFirst(6)
                parts += "<Part><PartNumber>\(number)</PartNumber><ETag>\(tag)</ETag></Part>"
            }
            #expect(try client.request("GET", "large").status == 404)
            let all = "<CompleteMultipartUpload>\(parts)</CompleteMultipartUpload>"
            #expect(try client.request("POST", "large?uploadId=\(upload)", ["--data-binary", all]).status == 200)
        }
        #expect(try client.request("GET", "large", ["--range", "5242879-"]).text == "athe end")
    }

    private static func element(_ name: String, in text: String) -> String? {
        guard let start = text.firstRange(of: "<\(name)>"), let end = text.firstRange(of: "</\(name)>") else {
            return nil
        }
        return String(text[start.upperBound..<end.lowerBound])
    }

    /// The servers of a test process that is killed go with it, at whatever it was.
    @Test(.needsNginx) func serversEndWithTheirProcess() async throws {
        let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
            let store = try S3Server()
            let nginx = try NginxServer(directory: "/usr/share")
            let hostile = try HostileServer([:])
            print("\nservers of \(getpid()): \(store.port) \(nginx.port) \(hostile.port)")
            fflush(nil)
            kill(getpid(), SIGKILL)
        }
        let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
        let line = try #require(output.split(separator: "\n").first { $0.hasPrefix("servers of ") })
        let words = line.dropFirst(11).split(separator: " ")
        for port in words.dropFirst() {
            #expect(try waitUntil { try Curl("http://127.0.0.1:\(port)/").exitCode == 7 }, "port \(port)")
        }
        // Files stay behind any killed test.
        let scratch = "${TMPDIR:-/tmp}/moss-test-\(words[0].dropLast())-*"
        try Command("sh", ["-c", BytePath("rm -rf \(scratch)")]).runSuccessfully()
        #expect(try Command("sh", ["-c", "ls /tmp | grep ^seaweedfs-"]).run().exitCode == 1)
    }
}
