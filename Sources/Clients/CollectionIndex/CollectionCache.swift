internal import BytePath
internal import CollectionSettings
internal import Downloads
internal import LinuxSystem

/// Files of a collection that is elsewhere, to be kept in the root, in this order.
package struct CachedFiles: Sendable {
    /// Because of whom they are believed, see ``CollectionTrust/text``.
    var trust = ""
    var files: [(name: BytePath, bytes: [UInt8])] = []

    package init() {}
}

/// What a root keeps of a collection that is elsewhere, in files below `.moss/collections`: what was signed and believed
/// last, the keys that led there, and the index for changes to be applied to.
///
/// All of it can be fetched again, but for one thing: what was seen last is what older things are told by.
struct CollectionCache: Sendable {
    private static let trustFile: BytePath = "trust"
    private static let directory: BytePath = ".moss/collections"

    private let root: BytePath
    private let id: CollectionID

    init(root: BytePath, _ id: CollectionID) {
        self.root = root
        self.id = id
    }

    private var path: BytePath { root.appending(Self.directory).appending(BytePath(id.text)) }

    /// The bytes of a file; nil where there is none.
    func read(_ name: BytePath, limit: Int) throws(RepositoryError) -> [UInt8]? {
        try reporting(below: path) { () throws(SystemError) in
            let place: Descriptor
            do throws(SystemError) {
                place = try Descriptor.openDirectory(path)
            } catch {
                guard error.number == .noSuchFile else { throw error }
                return nil
            }
            return try place.readFileIfPresent(name, limit: limit)
        }
    }

    /// Writes a file as one; it is on disk when this returns.
    func write(_ name: BytePath, _ bytes: [UInt8]) throws(RepositoryError) {
        try reporting(below: path) { () throws(SystemError) in
            var place = try Descriptor.openDirectory(root)
            var here = root
            for component in Self.directory.components + BytePath(id.text).components {
                here = here.appending(BytePath(component))
                do throws(SystemError) {
                    try place.ensureDirectory(BytePath(component), mode: 0o755)
                    place = try place.openDirectory(BytePath(component))
                } catch {
                    throw SystemError(error.number, call: error.call, path: here)
                }
            }
            try place.replaceFile(name, with: bytes, durable: true)
        }
    }

    /// Whether what is here was believed because of `trust`: what others vouched for does not count.
    func belongs(to trust: String) throws(RepositoryError) -> Bool {
        guard let bytes = try read(Self.trustFile, limit: 1 << 20) else { return true }
        return bytes == Array(trust.utf8)
    }

    func keep(_ kept: CachedFiles) throws(RepositoryError) {
        guard !kept.files.isEmpty else { return }
        if try !belongs(to: kept.trust) { try remove() }
        if try read(Self.trustFile, limit: 1 << 20) == nil { try write(Self.trustFile, Array(kept.trust.utf8)) }
        for (name, bytes) in kept.files { try write(name, bytes) }
    }

    /// The versions of key sets that are kept, rising.
    func keyVersions() throws(RepositoryError) -> [UInt64] {
        try reporting(below: path) { () throws(SystemError) in
            do throws(SystemError) {
                return try Descriptor.openDirectory(path).entries().compactMap { Self.keyVersion($0.name) }.sorted()
            } catch {
                guard error.number == .noSuchFile else { throw error }
                return []
            }
        }
    }

    static func keyFile(_ version: UInt64) -> BytePath { BytePath("keys-\(version).json") }

    private static func keyVersion(_ name: BytePath) -> UInt64? {
        let text = name.display
        guard text.hasPrefix("keys-"), text.hasSuffix(".json") else { return nil }
        return UInt64(text.dropFirst("keys-".count).dropLast(".json".count))
    }

    /// Forgets everything.
    func remove() throws(RepositoryError) {
        try reporting(below: path) { () throws(SystemError) in
            do throws(SystemError) {
                try Descriptor.openDirectory(path.parent).removeTree(path.lastComponent)
            } catch {
                guard error.number == .noSuchFile else { throw error }
            }
        }
    }
}
