import BytePath
import Digests
import FileTree
import PackageModel
import Testing

@Suite("Files below directories that are closed to others")
struct ClosedDirectoriesTests {
    private func file(_ path: BytePath, _ mode: UInt32 = 0o644) -> LayoutEntry {
        LayoutEntry(path: path, kind: .regular(ObjectID(high: 1, low: 1)), mode: 0o100000 | mode)
    }

    private func directory(_ path: BytePath, _ mode: UInt32) -> LayoutEntry {
        LayoutEntry(path: path, kind: .directory, mode: 0o040000 | mode)
    }

    @Test("whoever may not pass a directory gets at nothing below it")
    func below() {
        let closed = ClosedDirectories([
            directory("a", 0o700), directory("a/open", 0o755), directory("b", 0o750), directory("c", 0o711),
            directory("d", 0o755), directory("d/e", 0o770),
        ])
        for path: BytePath in ["a/x", "a/open/x", "a/b/c/d", "b/x", "d/e/x"] { #expect(closed.hold(path), "\(path)") }
        for path: BytePath in ["x", "a", "ab/x", "c/x", "d/x", "d/ex", "x/a/y"] {
            #expect(!closed.hold(path), "\(path)")
        }
        #expect(!ClosedDirectories([]).hold("a/b"))
    }

    @Test("modes are the package's, without what nobody may do to an object")
    func modes() {
        let closed = ClosedDirectories([directory("a", 0o700)])
        let (inside, outside) = (
            closed.metadata(ofFile: file("a/x", 0o6755)), closed.metadata(ofFile: file("x", 0o1777))
        )
        #expect(inside.isClosed && inside.fileMode == 0o6555)
        #expect(!outside.isClosed && outside.fileMode == 0o555 && outside.mode == 0o555)
        #expect(closed.metadata(ofFile: file("x")) == .plainFile)
    }
}
