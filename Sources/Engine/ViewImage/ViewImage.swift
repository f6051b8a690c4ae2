internal import BytePath

/// What a view shows, in one block of memory: a flattened tree that another process can map, and the request to serve it.
///
/// The block holds, one after the other, all little-endian as the machine is:
/// ```
/// header    16 x u64, see ViewImageHeader
/// nodes     64 bytes each, one per inode; the first is the root directory
/// entries   16 bytes each; those of one directory stand together, ascending by name
/// owners    8 bytes each: where the packages' names and versions stand in the text; the first is for nobody
/// text      names, link targets and the rest, each with a NUL
/// ```
/// Paths with one content and equal metadata share a node, as the blit's hard links share an inode; empty files do not.
/// A reader checked every offset once, so that serving needs no check, no lock and no allocation. The memory belongs to
/// whoever made the image and outlives it.
package struct ViewImage: @unchecked Sendable {
    // The memory behind these pointers is never written after `init` and outlives the value, so threads may share it.
    package let nodes: UnsafePointer<ViewNode>
    let entries: UnsafePointer<ViewEntry>
    private let owners: UnsafePointer<ViewOwners>
    private let text: UnsafePointer<CChar>
    package let header: ViewImageHeader

    package var nodeCount: Int { Int(header.nodeCount) }

    /// Why a block of memory is not an image.
    package struct Damaged: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// Reads an image from `memory`, after checking that nothing in it leads outside.
    package init(_ memory: UnsafeRawBufferPointer) throws(Damaged) {
        guard let base = memory.baseAddress, memory.count >= ViewImageHeader.byteCount else {
            throw Damaged(description: "the image of a view is too short")
        }
        let header = base.loadUnaligned(as: ViewImageHeader.self)
        guard header.magic == ViewImageHeader.magic, let extent = header.extent, extent == memory.count,
            UInt(bitPattern: base) % 8 == 0
        else { throw Damaged(description: "the image of a view has a wrong header") }
        self.header = header
        nodes = (base + header.nodesOffset).assumingMemoryBound(to: ViewNode.self)
        entries = (base + header.entriesOffset).assumingMemoryBound(to: ViewEntry.self)
        owners = (base + header.ownersOffset).assumingMemoryBound(to: ViewOwners.self)
        text = (base + header.textOffset).assumingMemoryBound(to: CChar.self)
        guard isSound else { throw Damaged(description: "the image of a view is inconsistent") }
    }

    private var isSound: Bool {
        // One NUL at the very end bounds every string.
        guard header.textBytes > 0, text[Int(header.textBytes) - 1] == 0, header.shown < header.textBytes,
            nodeCount > 0, nodes[0].isDirectory, nodes[0].parent == 0
        else { return false }
        for index in 0..<Int(header.ownerCount) {
            guard owners[index].names < header.textBytes, owners[index].versions < header.textBytes else {
                return false
            }
        }
        for index in 0..<nodeCount {
            let node = nodes[index]
            // What holds something stands before it.
            guard node.parent < max(1, index), nodes[Int(node.parent)].isDirectory, node.owners < header.ownerCount
            else {
                return false
            }
            if node.isSymlink {
                guard node.size < header.textBytes, UInt64(node.first) + node.size < header.textBytes else {
                    return false
                }
            }
        }
        return isTree
    }

    /// Whether every directory but the root stands in just one other, and every entry in just one directory.
    ///
    /// Both are written breadth first, so it is enough that their numbers ascend.
    private var isTree: Bool {
        var end: UInt64 = 0
        var lastDirectory = 0
        var unreached = -1
        for index in 0..<nodeCount where nodes[index].isDirectory {
            let directory = nodes[index]
            let start = end
            unreached += 1
            end += UInt64(directory.count)
            guard UInt64(directory.first) == start, end <= header.entryCount else { return false }
            for position in start..<end {
                let entry = entries[Int(position)]
                guard entry.node < header.nodeCount, UInt64(entry.name) + UInt64(entry.length) < header.textBytes else {
                    return false
                }
                let child = Int(entry.node)
                guard nodes[child].isDirectory else { continue }
                guard child > lastDirectory, child > index, Int(nodes[child].parent) == index else { return false }
                lastDirectory = child
                unreached -= 1
            }
        }
        return end == header.entryCount && unreached == 0
    }

    /// The node called `name` in `directory`; nil where there is none.
    @inline(__always)
    package func child(of directory: Int, _ name: UnsafePointer<CChar>) -> Int? {
        let parent = nodes[directory]
        guard parent.isDirectory else { return nil }
        let length = cLength(name)
        let prefix = ViewEntry.prefix(name, length)
        var low = Int(parent.first)
        var high = low + Int(parent.count)
        while low < high {
            let middle = (low &+ high) >> 1
            let order = entries[middle].compare(prefix, name, length, text)
            if order == 0 { return Int(entries[middle].node) }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// One name of a directory.
    package struct Child {
        package let name: UnsafePointer<CChar>
        package let length: Int
        package let node: Int
    }

    /// The child at `position` in a directory's order; positions count from 0 to the directory's `count`.
    @inline(__always)
    package func child(of directory: ViewNode, at position: Int) -> Child {
        let entry = entries[Int(directory.first) + position]
        return Child(name: text + Int(entry.name), length: Int(entry.length), node: Int(entry.node))
    }

    /// A symlink's text, NUL-terminated.
    @inline(__always)
    package func target(of node: ViewNode) -> UnsafePointer<CChar> { text + Int(node.first) }

    /// The names of the packages a file is from, separated by commas where there are several; empty for nobody.
    package func packages(of node: ViewNode) -> UnsafePointer<CChar> { text + Int(owners[Int(node.owners)].names) }

    /// The versions of these packages, in the same order.
    package func versions(of node: ViewNode) -> UnsafePointer<CChar> { text + Int(owners[Int(node.owners)].versions) }

    /// What is shown, for people: a state's number, or `candidate`.
    package var shown: UnsafePointer<CChar> { text + Int(header.shown) }
}

/// The length of a C string; names are short, so no call is worth it.
@inline(__always)
private func cLength(_ name: UnsafePointer<CChar>) -> Int {
    var length = 0
    while name[length] != 0 { length &+= 1 }
    return length
}
