import BytePath
import FileTree
import PackageModel
import Testing

/// Few bytes of layout that ask for a great many directories.
@Suite("Limits of composing")
struct ComposeLimitsTests {
    private func refused(_ packages: [[LayoutEntry]], _ change: (inout ComposeLimits) -> Void) throws -> (Int, String)?
    {
        var limits = ComposeLimits()
        change(&limits)
        do {
            _ = try compose(packages.map { try layout($0) }, limits: limits)
            return nil
        } catch ComposeError.tooLarge(let package, let problem) {
            return (package, problem)
        }
    }

    /// A file at the end of `depth` directories that nobody names.
    private func deep(_ top: String, _ depth: Int) -> LayoutEntry {
        file(([top] + Array(repeating: "dir", count: depth)).joined(separator: "/"), "x")
    }

    @Test("directories that paths imply are counted over all packages, and their paths' bytes")
    func implied() throws {
        let packages = (0..<4).map { package in (0..<5).map { deep("p\(package)-\($0)", 50) } }
        #expect(try refused(packages) { _ in } == nil)
        let many = try #require(try refused(packages) { $0.directoriesMax = 600 })
        #expect(many.0 == 2 && many.1.contains("more than 600"))
        let long = try #require(try refused(packages) { $0.pathBytesMax = 50_000 })
        #expect(long.0 == 1 && long.1.contains("more than 50000"))
        let named = [(0..<100).map { directory("d\($0)") }]
        #expect(try refused(named) { $0.directoriesMax = 50 } != nil)
    }

    @Test("the layouts' own bytes are counted over all packages")
    func bytes() throws {
        let packages = (0..<4).map { package in (0..<5).map { file("p\(package)-\($0)", "x") } }
        let size = try layout(packages[0]).bytes.count
        #expect(try refused(packages) { $0.layoutBytesMax = size * 4 } == nil)
        #expect(try refused(packages) { $0.layoutBytesMax = size * 3 + 1 }?.0 == 3)
    }

    @Test("editing leaves to composing what would cost more than it")
    func editing() throws {
        let store = TreeStore()
        let base = try compose([])
        store.add(base)
        // 2,000 paths of 250 components: a few hundred kilobytes of layout, a hundred megabytes of directories' paths.
        let name = String(repeating: "n", count: 12)
        let entries = (0..<2000).map { number in
            file(([String(number)] + Array(repeating: name, count: 249)).joined(separator: "/"), "x")
        }
        #expect(throws: TreeEditor.Declined.self) {
            try TreeEditor.edit(
                base.root, removing: [], adding: [try layout(entries)], redirects: [],
                claims: TreeEditor.Claims(agreed: { _ in nil }, contentCount: { _ in 0 }), store.lookup)
        }
    }
}
