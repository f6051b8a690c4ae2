import BytePath
import Testing

@Suite("Paths as bytes")
struct BytePathTests {
    @Test(
        "taking apart and putting together",
        arguments: [
            ("a/b/c", "a/b", "c"), ("a", "", "a"), ("/a", "/", "a"), ("/", "/", ""), ("", "", ""), ("/a/b", "/a", "b"),
        ])
    func parts(path: String, parent: String, last: String) {
        #expect(BytePath(path).parent == BytePath(parent))
        #expect(BytePath(path).lastComponent == BytePath(last))
        if !last.isEmpty { #expect(BytePath(parent).appending(BytePath(last)) == BytePath(path)) }
    }

    @Test("appending puts one slash between, and none around nothing")
    func appending() {
        #expect(BytePath("a").appending("b") == "a/b")
        #expect(BytePath("a/").appending("b") == "a/b")
        #expect(BytePath("").appending("b") == "b")
        #expect(BytePath("a").appending("") == "a")
        #expect(BytePath("/").appending("b") == "/b")
    }

    @Test("below means whole components")
    func below() {
        #expect(BytePath("a/b").isAtOrBelow("a") && BytePath("a").isAtOrBelow("a") && BytePath("a").isAtOrBelow(""))
        #expect(BytePath("/a").isAtOrBelow("/") && BytePath("a/b").isAtOrBelow("a/"))
        #expect(
            !BytePath("ab").isAtOrBelow("a") && !BytePath("a").isAtOrBelow("a/b") && !BytePath("b").isAtOrBelow("a"))
    }

    @Test("bytes that are not UTF-8 are kept, compared and ordered as bytes")
    func bytes() {
        let invalid = BytePath(bytes: [0xff, 0x2f, 0xfe])
        #expect(invalid.components.map { Array($0) } == [[0xff], [0xfe]])
        #expect(invalid.display == #"\xff/\xfe"# && invalid != BytePath(invalid.display))
        #expect(BytePath("é") != BytePath("e\u{301}"))
        #expect(BytePath("Z") < BytePath("a") && BytePath("a") < BytePath("a/") && BytePath("z") < BytePath("é"))
        #expect(invalid.withCString { BytePath(cString: $0) } == invalid)
        #expect(BytePath("").withCString { $0[0] } == 0)
    }

    @Test("components leave empty ones out")
    func components() {
        #expect(BytePath("//a///b/").components.map { Array($0) } == [Array("a".utf8), Array("b".utf8)])
        #expect(BytePath("/").components.isEmpty && BytePath("").components.isEmpty)
        #expect(BytePath("/a").isAbsolute && !BytePath("a/").isAbsolute && !BytePath("").isAbsolute)
    }
}
