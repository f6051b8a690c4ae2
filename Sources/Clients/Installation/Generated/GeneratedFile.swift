internal import BytePath
internal import FileTree
internal import PackageModel
internal import States

/// A file that is made of a composed tree and put into it, before anything is compared with it or counted.
struct GeneratedFile: Sendable {
    let entry: GeneratedEntry
    let bytes: [UInt8]
    let object: ObjectID
}

/// What makes one file of a tree of another one in it.
struct FileGenerator: Sendable {
    /// As people read it.
    let name: String
    let source: BytePath
    let directory: BytePath
    let fileName: BytePath
    /// Makes the file's bytes of the source's; nil where the tree has no such file, or one too large to be one.
    private let make: @Sendable ([UInt8]?) -> [UInt8]

    static let sourceByteCountMax: UInt64 = 1 << 20

    /// In the order in which they work.
    static let all = [
        FileGenerator(
            name: "os-release", source: "lib/os-info.json", directory: "lib", fileName: "os-release",
            make: ReleaseFile.text)
    ]

    /// What the file is to be made of; nil where the tree has nothing of the kind.
    func sourceObject(in root: TreeID, _ lookup: TreeLookup) throws -> ObjectID? {
        guard case .regular(let id, let size)? = try TreeDifference.entry(at: source, in: root, lookup)?.content,
            size > 0, size < Self.sourceByteCountMax
        else { return nil }
        return id
    }

    func file(from source: [UInt8]?) -> GeneratedFile {
        let bytes = make(source)
        let object = ObjectID(hashing: bytes)
        let entry = TreeEntry(
            name: fileName, metadata: .plainFile, content: .regular(object, size: UInt64(bytes.count)))
        let origin = GeneratedEntry.Origin(maker: name, sources: [self.source])
        return GeneratedFile(
            entry: GeneratedEntry(directory: directory, entry: entry, origin: origin), bytes: bytes, object: object)
    }
}

extension GeneratedFile {
    /// The tree with this file; nil where there can be none: its directory is a link or a file in this tree, or a
    /// directory has its name.
    func placed(in tree: ComposedTree, _ lookup: TreeLookup) throws -> ComposedTree? {
        do {
            let placed = try TreeEditor.place(entry.entry, in: entry.directory, of: tree.root, lookup)
            return placed.root == tree.root ? tree : tree.extended(by: placed)
        } catch is TreeEditor.Declined {
            return nil
        }
    }
}

extension [GeneratedFile] {
    /// Of their contents.
    var sizes: [ObjectID: UInt64] {
        Dictionary(map { ($0.object, UInt64($0.bytes.count)) }, uniquingKeysWith: { first, _ in first })
    }
}
