internal import BytePath
internal import FileIndex
internal import PackageModel

/// What a stone puts below `/usr`, in as few bytes as are easily read: of each path its kind, its bytes and a NUL.
struct StoneFiles: Hashable, Sendable {
    let bytes: [UInt8]

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    init(_ layout: [LayoutEntry]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(layout.reduce(0) { $0 + $1.path.count + 2 })
        for entry in layout {
            bytes.append(Self.kind(of: entry).rawValue)
            bytes += entry.path.bytes
            bytes.append(0)
        }
        self.bytes = bytes
    }

    private static func kind(of entry: LayoutEntry) -> FileIndex.Kind {
        switch entry.kind {
        case .regular: .regular
        case .symlink: .symlink
        case .directory: .directory
        case .characterDevice, .blockDevice, .fifo, .socket: .special
        }
    }

    /// Calls `body` with each path; false where the bytes are no list of paths.
    func forEach<E: Error>(_ body: (ArraySlice<UInt8>, FileIndex.Kind) throws(E) -> Void) throws(E) -> Bool {
        var start = 0
        while start < bytes.count {
            guard let kind = FileIndex.Kind(rawValue: bytes[start]),
                let end = bytes[start...].dropFirst().firstIndex(of: 0)
            else { return false }
            try body(bytes[(start + 1)..<end], kind)
            start = end + 1
        }
        return true
    }
}
