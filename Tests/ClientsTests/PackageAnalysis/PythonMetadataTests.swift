import BytePath
import PackageAnalysis
import PackageModel
import Testing

/// The names of Python distributions.
@Suite struct PythonMetadataTests {
    private func providers(_ text: String, at path: BytePath = "lib/python3/x-1.dist-info/METADATA") -> [String] {
        FileAnalyzer().facts(at: path, bytes: Array(text.utf8)).capabilities.provides.sorted().map(\.text)
    }

    @Test(arguments: [
        ("Name: simple\n", ["python(simple)"]),
        ("Metadata-Version: 2.1\nName:  A_b..C  \nVersion: 1\n\nName: body\n", ["python(a-b-c)"]),
        ("\n\nname:x\r\nVersion: 1\r\n\r\nName: body", ["python(x)"]),
        ("Name: first\nName: second\n", ["python(second)"]),
        ("Summary: text\n Name: inside\nName: real\n", ["python(real)"]),
        ("no header\nName: x", ["python(x)"]),
        ("Name: two\n lines\n", []),
        ("Name:\n", []),
        ("Name", []),
        ("Version: 1\n\nName: body\n", []),
        ("", []),
    ])
    func headers(text: String, provided: [String]) {
        #expect(providers(text) == provided, "\(text)")
    }

    @Test(arguments: [
        ("lib/python3/x-1.dist-info/METADATA", true), ("lib/python3/x.egg-info/PKG-INFO", true),
        ("lib/python3/x.egg-info", true), ("lib/python3/x/METADATA", false),
        ("lib/python3/x.dist-info/PKG-INFO", false), ("lib/python3/x.dist-info/deep/METADATA", false),
        ("METADATA", false),
    ])
    func places(path: String, isMetadata: Bool) {
        #expect(providers("Name: x\n", at: BytePath(path)) == (isMetadata ? ["python(x)"] : []), "\(path)")
    }

    @Test func bytesThatAreNoTextAreRepaired() {
        let bytes = Array("Name: a".utf8) + [0xff] + Array("b\n".utf8)
        let facts = FileAnalyzer().facts(at: "lib/x.egg-info", bytes: bytes)
        #expect(facts.capabilities.provides.map(\.text) == ["python(a\u{fffd}b)"])
    }

    /// A text of any size is announced; it is not read when it is longer than one that says something.
    @Test func longTextsAreLeftAlone() {
        let facts = FileAnalyzer().facts(at: "lib/x.egg-info", size: .max) { (_, count) throws(Never) in
            #expect(count <= 4)
            return Array("Name".utf8)
        }
        #expect(facts == FileFacts())
    }
}
