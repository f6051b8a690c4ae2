internal import BytePath
internal import LinuxSystem

/// One directory of an overlay's upper layer, whose marks are those of a superuser's or an ordinary user's overlay.
struct UpperDirectory: ~Copyable {
    struct Item {
        let kind: FileKind
        let permissions: UInt32
        /// Stands for a name that was removed.
        let isWhiteout: Bool
        /// A directory that hides the one below.
        let isOpaque: Bool
    }

    let names: [BytePath]
    private let directory: Descriptor
    private let path: BytePath

    init(_ path: BytePath) throws(SandboxError) {
        // Everything that throws comes before the first stored property of a noncopyable value.
        let directory = try Self.explain(path) { () throws(SystemError) in try Descriptor.openDirectory(path) }
        let names = try Self.explain(path) { () throws(SystemError) in try directory.entries().map(\.name) }
        self.path = path
        self.names = names
        self.directory = directory
    }

    private static func explain<Value: ~Copyable>(
        _ path: BytePath, _ body: () throws(SystemError) -> Value
    ) throws(SandboxError) -> Value {
        do throws(SystemError) {
            return try body()
        } catch {
            throw SandboxError(error.below(path), doing: "cannot read what was written")
        }
    }

    func item(_ name: BytePath) throws(SandboxError) -> Item {
        try Self.explain(path) { () throws(SystemError) in
            let status = try directory.status(of: name)
            return Item(
                kind: status.kind, permissions: status.permissions,
                isWhiteout: try isWhiteout(name, status), isOpaque: try isOpaque(name, status))
        }
    }

    private func isWhiteout(_ name: BytePath, _ status: FileStatus) throws(SystemError) -> Bool {
        switch status.kind {
        case .characterDevice: status.representedDevice == 0
        case .regular where status.size == 0: try mark("whiteout", of: name) != nil
        default: false
        }
    }

    private func isOpaque(_ name: BytePath, _ status: FileStatus) throws(SystemError) -> Bool {
        guard status.kind == .directory else { return false }
        return try mark("opaque", of: name)?.elementsEqual("y".utf8) ?? false
    }

    private func mark(_ mark: String, of name: BytePath) throws(SystemError) -> [UInt8]? {
        for space in ["trusted", "user"] {
            if let value = try directory.extendedAttribute("\(space).overlay.\(mark)", of: name) { return value }
        }
        return nil
    }
}
