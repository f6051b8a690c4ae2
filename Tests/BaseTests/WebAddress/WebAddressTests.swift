import TestSupport
import Testing
import WebAddress

@Suite struct WebAddressTests {
    @Test(arguments: [
        ("https://host", "https://host/"), ("HTTPS://Host.Example/A", "https://host.example/A"),
        ("http://h:80/x", "http://h/x"),
        ("https://h:443", "https://h/"), ("https://h:80/", "https://h:80/"), ("http://h:/x", "http://h/x"),
        ("http://h:0081/", "http://h:81/"),
        ("https://h/a/./b/../c", "https://h/a/c"), ("https://h/../../a", "https://h/a"),
        ("https://h/a//b/", "https://h/a//b/"),
        ("https://h/a b^\u{e9}\"", "https://h/a%20b%5E%C3%A9%22"), ("https://h/%7e%41%20", "https://h/%7e%41%20"),
        ("https://h/a;b=c,d@e:f!$&'()*+~", "https://h/a;b=c,d@e:f!$&'()*+~"),
        ("https://[::1]:8080/x", "https://[::1]:8080/x"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]/"), ("https://127.0.0.1/", "https://127.0.0.1/"),
        ("http://a_b-c.d/", "http://a_b-c.d/"),
        ("https://h/...", "https://h/..."), ("https://h/[x]", "https://h/%5Bx%5D"),
    ])
    func addressesAreNormalised(text: String, normal: String) throws {
        let address = try WebAddress(text)
        #expect(address.text == normal)
        #expect(try WebAddress(normal) == address)
    }

    @Test(arguments: [
        ("", WebAddressError.Code.notWeb), ("/srv", .notWeb), ("file:///srv", .notWeb), ("ftp://h/", .notWeb),
        ("https:h", .notWeb),
        ("https:/h", .notWeb), ("https", .notWeb), ("https:///x", .host), ("https://", .host), ("https://a b/", .host),
        ("https://é/", .host),
        ("https://a..b/", .host), ("https://.a/", .host), ("https://a%20b/", .host), ("https://[::1/", .host),
        ("https://::1/", .host),
        ("https://[]/", .host), ("https://[x]/", .host), ("https://" + String(repeating: "a", count: 254) + "/", .host),
        ("https://h:x/", .port), ("https://h:0/", .port), ("https://h:65536/", .port), ("https://h:-1/", .port),
        ("https://h:+1/", .port),
        ("https://u@h/", .userInformation), ("https://u:p@h/", .userInformation), ("https://@h/", .userInformation),
        ("https://h/?q", .query), ("https://h?", .query), ("https://h/#f", .fragment), ("https://h/a\nb", .path),
        ("https://h/a\\b", .path),
        ("https://h/a\0", .path), ("https://h/%", .path), ("https://h/%4", .path), ("https://h/%zz", .path),
        ("https://h/%+1", .path),
        ("https://h/%00", .path), ("https://h/a%2fb", .path), ("https://h/a%5Cb", .path), ("https://h/%2e%2E/x", .path),
        ("https://h/.%2e", .path),
        ("https://h/" + String(repeating: "a", count: 4096), .tooLong),
    ])
    func otherTextsAreRefused(text: String, code: WebAddressError.Code) throws {
        #expect(try #require(throws: WebAddressError.self) { try WebAddress(text) }.code == code)
    }

    @Test func namesAndPasswordsAreSentToNetrc() throws {
        let error = try #require(throws: WebAddressError.self) { try WebAddress("https://me:secret@h/") }
        #expect("\(error)".contains("netrc") && !"\(error)".contains("secret"))
    }

    @Test func pathsAreTakenApartAndPutTogether() throws {
        let address = try WebAddress("https://h/a/b.index")
        #expect(
            address.directory.text == "https://h/a/" && address.lastComponent == "b.index"
                && address.server.text == "https://h/")
        #expect(address.directory.directory == address.directory && address.directory.lastComponent == "")
        #expect(
            address.asDirectory.text == "https://h/a/b.index/" && address.asDirectory.asDirectory == address.asDirectory
        )
        #expect(address.directory.appending("c d", "x/%é").text == "https://h/a/c%20d/x%2F%25%C3%A9")
        #expect(address.appending("c").text == "https://h/a/b.index/c")
    }

    // MARK: References

    /// What the RFC's examples come to without query and fragment, which are refused.
    @Test(arguments: URIPartsTests.examples) func referencesMeanWhatTheRFCSays(reference: String, target: String) throws
    {
        let base = try WebAddress("http://a/b/c/d;p")
        let result = try? base.resolving(reference, below: base.server).text
        let parts = URIParts(reference)
        let isOurs =
            parts.query == nil && parts.fragment == nil && ["g:h", "//g", "http:g"].contains(reference) == false
        #expect(result == (isOurs ? target.replacing("?q", with: "") : nil))
    }

    @Test(arguments: [
        ("../../../pool/v0/n/nano/nano-1.stone", "https://h/r/main/pool/v0/n/nano/nano-1.stone"),
        ("x.stone", "https://h/r/main/history/7/x86_64/x.stone"),
        ("/r/main/x", "https://h/r/main/x"), ("https://H:443/r/main/x", "https://h/r/main/x"),
        ("//h/r/main/x", "https://h/r/main/x"),
        ("a%20b%c3", "https://h/r/main/history/7/x86_64/a%20b%c3"), ("é", "https://h/r/main/history/7/x86_64/%C3%A9"),
        ("../../../../main/x", "https://h/r/main/x"), ("a/b/../c", "https://h/r/main/history/7/x86_64/a/c"),
        ("../../..", "https://h/r/main/"),
    ])
    func referencesStayBelowTheirDirectory(reference: String, target: String) throws {
        let index = try WebAddress("https://h/r/main/history/7/x86_64/stone.index")
        #expect(try index.resolving(reference, below: WebAddress("https://h/r/main")).text == target)
    }

    @Test(arguments: [
        ("../../../../x", WebAddressError.Code.leavesDirectory), ("../../../../mainly/x", .leavesDirectory),
        ("/x", .leavesDirectory),
        ("/r/main", .leavesDirectory), ("/r/main/../x", .leavesDirectory), ("https://h/r/other", .leavesDirectory),
        ("../../../..", .leavesDirectory),
        ("//h", .leavesDirectory), ("http://h/r/main/x", .leavesServer), ("https://h2/r/main/x", .leavesServer),
        ("//h:8443/r/main/x", .leavesServer),
        ("file:///r/main/x", .leavesServer), ("https:/r/main/x", .leavesServer), ("x:y", .leavesServer),
        ("//u@h/r/main/x", .userInformation),
        ("///r/main/x", .host), ("..%2f..%2f..%2f..%2fx", .path), ("%2e%2e/%2E./x", .path), ("a\\..\\b", .path),
        ("x?y", .query), ("x#y", .fragment), ("%", .path),
    ])
    func otherReferencesAreRefused(reference: String, code: WebAddressError.Code) throws {
        let index = try WebAddress("https://h/r/main/history/7/x86_64/stone.index")
        let error = try #require(throws: WebAddressError.self) {
            try index.resolving(reference, below: WebAddress("https://h/r/main/"))
        }
        #expect(error.code == code, "\(error)")
    }

    @Test func aLimitOnAnotherServerIsNone() throws {
        let index = try WebAddress("https://h/a/b")
        for limit in ["http://h/a/", "https://i/a/", "https://h:1/a/"] {
            #expect(throws: WebAddressError.self) { try index.resolving("c", below: WebAddress(limit)) }
        }
    }

    /// Whatever a reference is made of, it is refused or leads below the limit, by a path without a detour.
    @Test func nothingLeadsOut() throws {
        var generator = SeededGenerator.forTest()
        let words = [
            "..", ".", "/", "//", "../", "a", "b.stone", "%2e", "%2E%2e", "%2f", "%5c", "\\", "https:", "http:", "h",
            "@", ":", ":443", "?", "#",
            "é", "%", "%41", "main", "r", ";", " ", "\0", "\u{301}", "[", "]",
        ]
        let index = try WebAddress("https://h/r/main/history/7/x86_64/stone.index")
        let limit = try WebAddress("https://h/r/main/")
        var count = 0
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                words.randomElement(using: &generator) ?? ""
            }.joined()
            if let address = try? WebAddress("https://h/" + text) { #expect(try WebAddress(address.text) == address) }
            guard let result = try? index.resolving(text, below: limit) else { continue }
            count += 1
            #expect(result.text.hasPrefix(limit.text), "\(text)")
            #expect(try WebAddress(result.text) == result, "\(text)")
            let decoded = result.path.lowercased().replacing("%2e", with: ".").replacing("%2f", with: "/").replacing(
                "%5c", with: "/")
            #expect(!decoded.split(separator: "/").contains { $0 == ".." || $0 == "." }, "\(text)")
        }
        #expect(count > 1000)
    }
}
