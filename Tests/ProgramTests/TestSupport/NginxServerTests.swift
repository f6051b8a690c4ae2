import BytePath
import LinuxSystem
import TestSupport
import Testing

/// Debian's nginx as tests start it.
@Suite(.needsNginx) struct NginxServerTests {
    private func withServer(
        _ options: NginxServer.Options = NginxServer.Options(), _ body: (NginxServer) throws -> Void
    ) throws {
        try withScratchDirectory { scratch in
            try Descriptor.openDirectory(scratch).open("file", [.write, .create]).write(Array("0123456789".utf8))
            let server = try NginxServer(directory: scratch, options)
            try body(server)
            server.stop()
            #expect(try Curl(server.url("file")).exitCode == 7)
        }
    }

    @Test func filesAndRangesAreServedAndLogged() throws {
        try withServer { server in
            let both = try Curl(urls: [server.url("file"), server.url("none")])
            let part = try Curl(server.url("file"), ["--range", "3-5"])
            #expect(both.connections == 1 && part.text == "345")
            let log = server.accesses(atLeast: 3)
            #expect(log.map(\.status) == [200, 404, 206])
            #expect(log.map(\.target) == ["/file", "/none", "/file"])
            #expect(log.map(\.range) == ["", "", "bytes=3-5"])
            #expect(log[0].connection == log[1].connection && log[1].connection != log[2].connection)
            #expect(log[2].bodyBytesSent == 3 && log[2].method == "GET" && log[2].version == "HTTP/1.1")
        }
    }

    @Test func tlsIsTrustedWithItsAuthorityOnly() throws {
        var options = NginxServer.Options()
        options.hasTLS = true
        options.hasHTTP2 = true
        try withServer(options) { server in
            let authority = try #require(server.certificates?.authority.display)
            #expect(try Curl(server.url("file")).exitCode == Curl.untrusted)
            let trusting = try Curl(server.url("file"), ["--cacert", authority])
            #expect(trusting.text == "0123456789" && trusting.version == "2")
            let local = "https://localhost:\(server.port)/file"
            #expect(try Curl(local, ["--cacert", authority, "--http1.1"]).version == "1.1")
            #expect(server.accesses(atLeast: 2).map(\.version) == ["HTTP/2.0", "HTTP/1.1"])
        }
    }

    @Test func aCertificateForSomebodyElseIsNotTrusted() throws {
        var options = NginxServer.Options()
        options.hasTLS = true
        options.certificateNames = ["DNS:example.org"]
        options.directives = "limit_rate 100k;"
        try withServer(options) { server in
            let authority = try #require(server.certificates?.authority.display)
            #expect(try Curl(server.url("file"), ["--cacert", authority]).exitCode == Curl.untrusted)
        }
    }
}
