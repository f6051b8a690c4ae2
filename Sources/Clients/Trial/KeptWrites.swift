package import BytePath
internal import LinuxSystem
internal import Sandbox
internal import ViewImage
internal import ViewProcess

/// What a command wrote over a tree, in a directory of its own.
package struct KeptWrites: Sendable {
    package struct Change: Hashable, Sendable {
        /// As the command saw it.
        package let path: BytePath
        package let kind: Kind
    }

    package enum Kind: String, Hashable, Sendable {
        case added, changed, removed
        /// Something of another kind is where it was.
        case replaced

        fileprivate init(_ kind: OverlayChanges.Kind) {
            self =
                switch kind {
                case .added: .added
                case .changed: .changed
                case .replaced: .replaced
                case .removed: .removed
                }
        }
    }

    /// Where it is kept.
    package let directory: BytePath
    package let changes: [Change]

    /// Makes the directory that receives it.
    static func makeDirectory() throws(SystemError) -> BytePath {
        let parent = CurrentProcess.environmentPath("TMPDIR") ?? "/var/tmp"
        let name = BytePath("moss-try-\(UInt64.random(in: 1 ... .max))")
        try Descriptor.openDirectory(parent).makeDirectory(name, mode: 0o700)
        return parent.appending(name)
    }

    init(in directory: BytePath, over view: borrowing PreparedView) throws {
        let size = Int(clamping: try view.image.status().size)
        let mapping = try view.image.map(byteCount: size)
        let image = try ViewImage(UnsafeRawBufferPointer(mapping.bytes))
        var changes = try Self.changes(in: directory.appending("usr"), below: "/usr") { path in
            image.node(at: path).map {
                OverlayChanges.Original(FileKind(mode: $0.mode), permissions: $0.shownMode & 0o7777)
            }
        }
        let host = try Descriptor.openDirectory("/etc")
        changes += try Self.changes(in: directory.appending("etc"), below: "/etc") { path in
            guard let status = try? host.statusIfPresent(of: path) else { return nil }
            return OverlayChanges.Original(status.kind, permissions: status.permissions)
        }
        self.directory = directory
        self.changes = changes
        // The mapping must live as long as the image is looked at.
        _ = mapping.bytes.count
    }

    private static func changes(
        in layer: BytePath, below place: BytePath, _ original: (BytePath) -> OverlayChanges.Original?
    ) throws(SandboxError) -> [Change] {
        guard CurrentProcess.exists(layer) else { return [] }
        let found = try OverlayChanges.read(upper: layer) { (path) throws(SandboxError) in original(path) }
        return found.changes.map { Change(path: place.appending($0.path), kind: Kind($0.kind)) }
    }
}

extension ViewImage {
    /// The node at a path, links not followed.
    fileprivate func node(at path: BytePath) -> ViewNode? {
        var row = 0
        for component in path.components {
            guard let child = BytePath(bytes: Array(component)).withCString({ child(of: row, $0) }) else { return nil }
            row = child
        }
        return nodes[row]
    }
}
