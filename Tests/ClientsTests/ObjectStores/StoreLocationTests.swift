import BytePath
import Downloads
import ObjectStores
import TestSupport
import Testing
import Transfer
import WebAddress

@Suite struct StoreLocationTests {
    @Test(
        arguments: [
            ("s3://bucket", nil, nil, "https://bucket.s3.us-east-1.amazonaws.com/", "s3://bucket"),
            ("s3://bucket/", nil, "eu-west-1", "https://bucket.s3.eu-west-1.amazonaws.com/", "s3://bucket"),
            ("s3://b.x/a/b/", nil, "cn-north-1", "https://s3.cn-north-1.amazonaws.com.cn/b.x/a/b/", "s3://b.x/a/b"),
            (
                "s3://bucket/a+b/é %", "http://host:9000", nil, "http://host:9000/bucket/a%2Bb/%C3%A9%20%25/",
                "s3://bucket/a+b/é %"
            ),
            ("s3://bucket/p", "https://host/x", nil, "https://host/x/bucket/p/", "s3://bucket/p"),
        ] as [(String, String?, String?, String, String)])
    func leadsTo(_ text: String, _ endpoint: String?, _ region: String?, _ address: String, _ written: String) throws {
        let location = try StoreLocation(text, endpoint: endpoint, region: region)
        #expect(location.directory.text == address && location.text == written)
        #expect(try StoreLocation(location.text, endpoint: endpoint, region: region) == location)
        #expect(location.access(with: nil).prefix == address)
    }

    @Test(
        arguments: [
            "s3:bucket", "s3:///x", "s3://Bucket", "s3://ab", "s3://-bucket", "s3://bucket..x", "s3://bucket//x",
            "s3://bucket/../x", "s3://bucket/./x", "s3://bucket/a\u{1}", "s3://user:password@bucket/x", "http://bucket",
            "s3://bucket/" + String(repeating: "x", count: 800),
        ])
    func isNone(_ text: String) {
        let error = #expect(throws: RepositoryError.self) { try StoreLocation(text) }
        #expect(error?.code == .invalidLocation)
    }

    @Test func endpointsAndRegionsAreChecked() {
        for endpoint in ["ftp://x", "host", "https://user:secret@host", "http://host/?x"] {
            let error = #expect(throws: RepositoryError.self) {
                try StoreLocation("s3://bucket", endpoint: endpoint)
            }
            #expect(error.map { !"\($0)".contains("secret") } == true)
        }
        #expect(throws: RepositoryError.self) { try StoreLocation("s3://bucket", region: "a/b") }
        #expect(throws: RepositoryError.self) { try StoreLocation("s3://bucket", region: "") }
    }

    @Test func addressesAreEscapedForSignatures() {
        let addresses = [
            ("http://h/a+b/c%20d/é", "http://h/a%2Bb/c%20d/%C3%A9"), ("http://h:1/a=b;c,~", "http://h:1/a%3Db%3Bc%2C~"),
            ("http://h/%zz%4", "http://h/%25zz%254"), ("http://h", "http://h"), ("http://h/a%2fb", "http://h/a%2Fb"),
        ]
        for (address, signable) in addresses {
            #expect(StoreAccess.signable(address) == signable)
            #expect(StoreAccess.signable(signable) == signable)
        }
    }

    @Test func secretsAreInNoText() {
        let signing = TransferSigning(accessKey: "AKIA", secretKey: "hidden", sessionToken: "token", region: "r")
        var request = TransferRequest(number: 1, address: "http://h/", file: "f", sizeMax: 1)
        request.signing = signing
        var dumped = ""
        dump(request, to: &dumped)
        for text in [
            "\(signing)", String(reflecting: signing), "\(request)", "\(TransferCommand.start(request))", dumped,
        ] {
            #expect(!text.contains("hidden") && !text.contains("token"), "\(text)")
        }
    }
}
