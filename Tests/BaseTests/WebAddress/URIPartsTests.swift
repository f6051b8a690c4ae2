import Testing
import WebAddress

/// The examples of RFC 3986, sections 5.4.1 and 5.4.2.
@Suite struct URIPartsTests {
    static let base = "http://a/b/c/d;p?q"

    static let examples = [
        ("g:h", "g:h"), ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q#s"),
        ("g#s", "http://a/b/c/g#s"), ("g?y#s", "http://a/b/c/g?y#s"), (";x", "http://a/b/c/;x"),
        ("g;x", "http://a/b/c/g;x"),
        ("g;x?y#s", "http://a/b/c/g;x?y#s"), ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"),
        ("./", "http://a/b/c/"),
        ("..", "http://a/b/"), ("../", "http://a/b/"), ("../g", "http://a/b/g"), ("../..", "http://a/"),
        ("../../", "http://a/"),
        ("../../g", "http://a/g"), ("../../../g", "http://a/g"), ("../../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("/../g", "http://a/g"), ("g.", "http://a/b/c/g."), (".g", "http://a/b/c/.g"), ("g..", "http://a/b/c/g.."),
        ("..g", "http://a/b/c/..g"), ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"),
        ("g/./h", "http://a/b/c/g/h"),
        ("g/../h", "http://a/b/c/h"), ("g;x=1/./y", "http://a/b/c/g;x=1/y"), ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/./x", "http://a/b/c/g?y/./x"), ("g?y/../x", "http://a/b/c/g?y/../x"), ("g#s/./x", "http://a/b/c/g#s/./x"),
        ("g#s/../x", "http://a/b/c/g#s/../x"), ("http:g", "http:g"),
    ]

    @Test(arguments: examples) func referencesMeanWhatTheRFCSays(reference: String, target: String) {
        #expect(URIParts(reference).resolved(against: URIParts(Self.base)).text == target)
    }

    @Test(
        arguments: examples.flatMap { [$0.0, $0.1] } + [
            "a//b", "//", "///", "?#", "1:b", "a%2Fb", "é?ü#ö", "x:?", "/\u{301}a",
        ])
    func partsMakeTheTextAgain(text: String) {
        #expect(URIParts(text).text == text)
    }

    @Test func theRFCsOwnExampleIsTakenApart() {
        let parts = URIParts("foo://example.com:8042/over/there?name=ferret#nose")
        #expect(parts.scheme == "foo" && parts.authority == "example.com:8042" && parts.path == "/over/there")
        #expect(parts.query == "name=ferret" && parts.fragment == "nose")
        #expect(
            URIParts("http://a").resolved(against: parts).path == ""
                && URIParts("b").resolved(against: URIParts("http://a")).text == "http://a/b")
    }
}
