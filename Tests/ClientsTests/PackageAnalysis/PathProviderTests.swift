import BytePath
import PackageAnalysis
import PackageModel
import Testing

/// What files provide by where they lie.
@Suite struct PathProviderTests {
    @Test(arguments: [
        // Path below /usr, and what it provides.
        ("bin/tool", ["binary(tool)"]),
        ("bin/[", ["binary([)"]),
        ("bin/naïve tool", ["binary(naïve tool)"]),
        ("bin/a)(b", ["binary(a)(b)"]),
        ("sbin/admin", ["sysbinary(admin)"]),
        ("bin/sub/tool", []),
        ("libexec/tool", []),
        ("lib/pkgconfig/foo-1.pc", ["pkgconfig(foo-1)"]),
        ("share/pkgconfig/xproto.pc", ["pkgconfig(xproto)"]),
        ("lib/x86_64-linux-gnu/pkgconfig/gtk+-3.0.pc", ["pkgconfig(gtk+-3.0)"]),
        ("lib32/pkgconfig/foo.pc", ["pkgconfig32(foo)"]),
        ("lib/pkgconfig/.pc", []),
        ("lib/pkgconfig/foo.pc.in", []),
        ("lib/pkgconfig/sub/foo.pc", []),
        ("lib/foo.pc", []),
        ("lib/cmake/Foo/FooConfig.cmake", ["cmake(Foo)"]),
        ("lib/cmake/foo/foo-config.cmake", ["cmake(foo)"]),
        ("share/foo-Config.cmake", ["cmake(foo-)"]),
        ("lib/cmake/Config.cmake", []),
        ("lib/cmake/-config.cmake", []),
        ("lib/cmake/FooConfigVersion.cmake", []),
        ("", []),
        ("bin", []),
    ])
    func paths(path: String, provided: [String]) {
        #expect(FileAnalyzer().providers(at: BytePath(path)).map(\.text) == provided, "\(path)")
    }

    /// No capability can say a name that is not UTF-8, and none is made up for it.
    @Test(arguments: [
        Array("bin/x".utf8) + [0xff], [0x62, 0x69, 0x6e, 0xff] + Array("/pkgconfig/x.pc".utf8),
        Array("lib/pkgconfig/".utf8) + [0xc3] + Array(".pc".utf8),
    ])
    func namesThatAreNoText(path: [UInt8]) {
        #expect(FileAnalyzer().providers(at: BytePath(bytes: path)) == [])
        #expect(FileAnalyzer().facts(at: BytePath(bytes: path), bytes: [1]) == FileFacts())
    }

    /// pkg-config's own files need nothing that is not asked of the path.
    @Test func contentIsNotReadForItsOwnSake() {
        let text = Array("Name: foo\nRequires: bar >= 2\n".utf8)
        let facts = FileAnalyzer().facts(at: "lib/pkgconfig/foo.pc", bytes: text)
        #expect(facts.capabilities.provides == [Capability(.pkgconfig, "foo")])
        #expect(facts.capabilities.needs == [] && facts.elf == nil)
    }
}
