package import KDL
import RootIndex

/// What must hold of any bytes that are read as KDL or as a root index; shared by the fuzzers and the tests.
///
/// A violation traps, as libFuzzer wants it.
package enum TextFuzzing {
    /// Nodes that were read can be written, and are then the same.
    package static func checkKDL(_ bytes: [UInt8]) {
        let nodes: [KDLNode]
        do throws(KDLError) {
            nodes = try KDLNode.read(bytes)
        } catch {
            let lines = 1 + bytes.count { $0 == 0x0a || $0 == 0x0d }
            precondition((1...lines).contains(error.mark.line) && error.mark.column > 0, "an error beside the text")
            return
        }
        guard let again = try? KDLNode.read(KDLNode.text(nodes)) else {
            preconditionFailure("nodes that were read cannot be written and read again")
        }
        precondition(again.map(withoutMarks) == nodes.map(withoutMarks), "nodes have changed")
    }

    package static func withoutMarks(_ node: KDLNode) -> KDLNode {
        var node = node
        let mark = KDLMark(line: 1, column: 1)
        node.mark = mark
        for place in node.arguments.indices { node.arguments[place].mark = mark }
        for place in node.properties.indices { node.properties[place].value.mark = mark }
        node.children = node.children.map(withoutMarks)
        return node
    }

    /// Every version of a root index that was read comes to a history it has, or to an error.
    package static func checkRootIndex(_ bytes: [UInt8]) {
        guard let index = try? RootIndex.read(bytes) else { return }
        let versions =
            index.streams.keys.map { ScopedIdentifier(.stream, $0) }
            + index.tags.keys.map { ScopedIdentifier(.tag, $0) }
            + index.history.keys.map { ScopedIdentifier(.history, $0) }
        for version in versions {
            precondition(ScopedIdentifier(version.text) == version, "a version is not what its text says")
            guard let resolution = try? index.resolve(version) else { continue }
            precondition(index.history[resolution.history] == resolution.format, "a version of no history")
            let isSupported = (try? index.resolveSupported(version)) != nil
            precondition(isSupported == resolution.format.isSupported, "a format is taken for another")
        }
    }
}
