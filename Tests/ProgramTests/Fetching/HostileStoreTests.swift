import BytePath
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Stores that answer what they must not: a command ends with a clear result, and no pointer is ever sent.
@Suite struct HostileStoreTests {
    private static let bucket = "/moss/"

    private func withScene(
        _ shape: (MossFixture) throws -> Void = { try $0.publish("a") },
        _ body: (StoreScene, HostileServer) throws -> Void
    ) throws {
        try MossFixture.run(inMemory: true) { fixture in
            try shape(fixture)
            let server = try HostileServer([:])
            let scene = StoreScene(fixture, endpoint: server.url("/"))
            try scene.command(["init"]).runSuccessfully()
            try scene.settle()
            try scene.index()
            try body(scene, server)
        }
    }

    private static func list(_ inside: String) -> ServerBehaviour {
        .page("<?xml version=\"1.0\"?><ListBucketResult xmlns=\"x\">\(inside)</ListBucketResult>")
    }

    private static func object(_ key: String, _ size: String = "1") -> String {
        "<Contents><Key>\(key)</Key><Size>\(size)</Size></Contents>"
    }

    private static let goesOn = "<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>"

    private static let lists: [(ServerBehaviour, String)] = [
        (list("<Contents>"), "badServer"), (.page("<html/>"), "badServer"), (.page("please log in"), "badServer"),
        (.page("<!DOCTYPE a [<!ENTITY b \"c\">]><ListBucketResult>&b;</ListBucketResult>"), "badServer"),
        (.page("<Error><Code>X</Code></Error>"), "badServer"), (list(object("")), "badServer"),
        (list(object("stones/main/x", "-1")), "badServer"), (list(object("x", "99999999999999999999999")), "badServer"),
        (list("<Contents><Key>x</Key></Contents>"), "badServer"),
        (list("<IsTruncated>true</IsTruncated>"), "badServer"),
        (list("<EncodingType>url</EncodingType>" + object("%4")), "badServer"),
        (list(object(String(repeating: "k", count: 2000))), "badServer"),
        (list(String(repeating: "<a>", count: 100) + String(repeating: "</a>", count: 100)), "badServer"),
        // Round in circles, and on without bringing anything.
        (list(object("stones/main/x") + goesOn), "endlessData"), (list(goesOn), "endlessData"),
        (.endlessBody, "endlessData"), (.endlessHeader, "endlessData"), (.status(403), "accessDenied"),
        (.status(404), "notFound"), (.status(500), "unreachable"), (.status(400), "badServer"),
        (.hangUp, "unreachable"),
        (.redirect("http://127.0.0.1:1/", status: 307), "badServer"), (.stall(afterBytes: 0), "slowRetrieval"),
    ]

    @Test func listsThatAreNone() throws {
        try withScene { scene, server in
            for (behaviour, code) in Self.lists {
                server.script(Self.bucket, always: behaviour)
                try scene.expect(code, saying: "s3://moss/stones/main")
            }
            #expect(server.log.allSatisfy { $0.method == "GET" && $0.path == Self.bucket })
        }
    }

    /// Objects of others, and names that mean something else to somebody, are left alone.
    @Test func keysOfAnyKind() throws {
        try withScene { scene, server in
            let keys = [
                "other/pool/x", "stones/main/../pool/y", "stones/main/pool%00%FF", "stones/main/pool/%00%FF",
                "stones/main/pool/a%2Bb+c", "stones/main/pools/x", "stones/main/by-hash/%0A%1B[31m",
                "stones/main/keys/1.json",
                "stones/main/pool/../../secret",
            ]
            let objects = keys.map { Self.object($0) }.joined()
            server.script(Self.bucket, always: Self.list("<EncodingType>url</EncodingType>" + objects))
            let dry = try scene.publish("--dry-run", "--keep", "0")
            // Those that are text and lie below our own directories, whatever they are called.
            #expect(dry["removed_count"] as? Int == 3 && dry["sent_count"] as? Int == 3)
        }
    }

    private static let begun = ServerBehaviour.page(
        "<InitiateMultipartUploadResult><UploadId>a/b+c</UploadId></InitiateMultipartUploadResult>")

    /// A store for what is sent in parts, which answers to them as it is told.
    private func sending(
        _ answers: [ServerBehaviour], then afterwards: ServerBehaviour, _ code: String, saying words: String
    ) throws {
        let large = largePackage("large", byteCount: 20 << 20)
        try withScene { fixture in
            try Descriptor.open(fixture.stones.appending(large.metadata.stoneFileName), [.write, .create]).write(
                large.stone())
        } _: { scene, server in
            server.script(Self.bucket, always: Self.list(""))
            server.scriptOthers([], afterwards: .page(""))
            let path = "/moss/stones/main/pool/l/large/\(large.metadata.stoneFileName)"
            server.script(path, answers, afterwards: afterwards)
            try scene.expect(code, saying: words)
            let ended = server.log(of: path).filter { $0.method == "DELETE" }
            // Nothing is ended that was never begun.
            #expect(ended.isEmpty == (answers.isEmpty || answers[0] != Self.begun))
            #expect(ended.allSatisfy { $0.request.target.hasSuffix("?uploadId=a%2Fb%2Bc") })
            #expect(server.log.allSatisfy { !$0.path.hasSuffix("/stone.index") && !$0.path.hasSuffix("/stone.files") })
        }
    }

    @Test func uploadsThatFailAreGivenUp() throws {
        let taken = ServerBehaviour.all([.page(""), .header("ETag", "\"1\"")])
        let wrong = "<Error><Code>InternalError</Code><Message>\u{7f}&#27;[31m</Message></Error>"
        try sending([Self.begun], then: .status(403), "accessDenied", saying: "403")
        try sending([Self.begun], then: .page(""), "badServer", saying: "part")
        try sending([Self.begun, taken, taken], then: .page(wrong), "badServer", saying: "InternalError")
        try sending([Self.begun, taken, taken], then: .page(""), "badServer", saying: "XML")
        try sending([.page("<x/>")], then: .status(403), "badServer", saying: "InitiateMultipartUploadResult")
    }
}
