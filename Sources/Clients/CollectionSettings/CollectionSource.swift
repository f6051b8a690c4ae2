package import Downloads
package import ObjectStores
package import RootIndex
package import WebAddress

/// What is read of a collection.
package enum CollectionSource: Hashable, Sendable {
    /// An index: its uri, or a path; on this machine also a directory with one, and a directory of stones.
    case direct(String)
    /// A version of a channel, whose index the channel's root index names.
    case versioned(VersionedSource)
    /// What was published into a store of objects: the index at the location's prefix.
    case store(StoreLocation)

    /// What tells it from every other source; of a direct one its uri.
    package var text: String {
        switch self {
        case .direct(let uri): uri
        // No uri has spaces, and no path begins like a base.
        case .versioned(let source):
            "\(source.base) \(source.channel) \(source.version) \(source.architecture)"
        case .store(let location):
            location.text + (location.endpoint.map { " at \($0)" } ?? " in \(location.region)")
        }
    }

    /// Whether this is how people write a place in a store.
    package static func isStore(_ uri: String) -> Bool { URIReference.scheme(of: uri) == StoreLocation.scheme }

    /// A place in a store; what is nil is as the environment and the user's files say.
    package static func store(
        _ uri: String, endpoint: String?, region: String?
    ) throws(RepositoryError) -> CollectionSource {
        let found = try StoreSurroundings.find()
        return .store(
            try StoreLocation(uri, endpoint: endpoint ?? found.endpoint, region: region ?? found.region))
    }

    /// What a place in a store is made of; nil where it is none.
    package var storeTexts: (bucket: String, prefix: String, endpoint: String?, region: String)? {
        guard case .store(let location) = self else { return nil }
        return (location.bucket, location.prefix, location.endpoint?.text, location.region)
    }

    /// Whether it is a path or a file URL.
    package var isLocal: Bool {
        guard case .direct(let uri) = self else { return false }
        let scheme = URIReference.scheme(of: uri)
        return scheme == nil || scheme == "file"
    }

    /// The address of the index of a direct source or a store; nil where it is not one of http or https.
    package var index: IndexAddress? {
        switch self {
        case .direct(let uri):
            guard let address = try? WebAddress(uri) else { return nil }
            return IndexAddress(address: address, limit: address.server)
        case .versioned: return nil
        case .store(let location):
            let directory = location.directory
            return IndexAddress(address: directory.appending(Self.indexName), limit: directory)
        }
    }

    private static let indexName = "stone.index"

    /// The same at a mirror: a directory that stands for the base, or for the one that the index lies in.
    package func at(_ mirror: WebAddress) -> CollectionSource {
        switch self {
        case .versioned(var source):
            source.base = mirror.asDirectory
            return .versioned(source)
        case .direct:
            guard let index = index?.address, index.lastComponent != "" else { return .direct(mirror.text) }
            return .direct(mirror.asDirectory.text + index.lastComponent)
        // What is in the store as any server has it.
        case .store: return .direct(mirror.asDirectory.text + Self.indexName)
        }
    }
}

/// A version of a channel on a server of packages.
package struct VersionedSource: Hashable, Sendable {
    /// A directory; ends with `/`.
    package var base: WebAddress
    package var channel: IndexIdentifier
    package var version: ScopedIdentifier
    package private(set) var architecture: String

    package static let defaultChannel = "main"
    package static let defaultArchitecture = "x86_64"

    /// - Throws: `invalidLocation` for a text that is not what it has to be.
    package init(
        base: String, channel: String = defaultChannel, version: String, architecture: String = defaultArchitecture
    ) throws(RepositoryError) {
        self.base = try CollectionAddress.web(base).asDirectory
        guard let channel = IndexIdentifier(channel) else {
            throw RepositoryError(
                .invalidLocation, "\"\(channel)\"",
                "a channel's name has letters, digits and \"-\" and does not start with \"-\"")
        }
        self.channel = channel
        guard let version = ScopedIdentifier(version) else {
            throw RepositoryError(
                .invalidLocation, "\"\(version)\"",
                "a version is stream/X, tag/X or history/X, where X has letters, digits and \"-\"")
        }
        self.version = version
        guard Self.isArchitecture(architecture.utf8) else {
            throw RepositoryError(
                .invalidLocation, "\"\(architecture)\"",
                "an architecture's name has letters, digits, \"-\" and \"_\", such as x86_64")
        }
        self.architecture = architecture
    }

    private static func isArchitecture(_ bytes: String.UTF8View) -> Bool {
        (1...64).contains(bytes.count) && bytes.first != UInt8(ascii: "-")
            && bytes.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5a).contains($0 & 0xdf) || "-_".utf8.contains($0)
            }
    }
}

extension VersionedSource {
    /// What it is made of, as it is written in configuration.
    package var texts: (base: String, channel: String, version: String, architecture: String) {
        (base.text, channel.text, version.text, architecture)
    }

    /// The channel's directory, which nothing that it offers lies above.
    package var channelDirectory: WebAddress { base.appending(channel.text).asDirectory }

    /// Where the root index is.
    package var rootIndex: WebAddress { channelDirectory.appending("moss-root-index.json") }

    /// Where the index of one history is.
    package func index(of history: IndexIdentifier) -> IndexAddress {
        IndexAddress(
            address: channelDirectory.appending("history", history.text, architecture, "stone.index"),
            limit: channelDirectory)
    }

    /// What an index of the time before channels became, by its address; nil for all others.
    ///
    /// Whether to follow is for the root index to say: as long as the stream is in the legacy format, the old address is
    /// as good.
    package static func successor(of address: WebAddress) -> VersionedSource? {
        guard formerHosts.contains(address.host) else { return nil }
        for stream in ["volatile", "unstable"] {
            let path = "/\(stream)/x86_64/stone.index"
            guard address.path == path || address.path == "/stream" + path else { continue }
            return try? VersionedSource(base: address.server.text, version: "stream/\(stream)")
        }
        return nil
    }

    private static let formerHosts: Set<String> = [
        "dev.serpentos.com", "packages.aerynos.com", "cdn.aerynos.dev", "packages.aerynos.dev", "build.aerynos.dev",
        "infratest.aerynos.dev",
    ]
}

/// Where an index is, and how far the references in it may lead.
package struct IndexAddress: Hashable, Sendable {
    package var address: WebAddress
    /// The directory that everything it refers to lies below.
    package var limit: WebAddress

    package init(address: WebAddress, limit: WebAddress) {
        self.address = address
        self.limit = limit
    }

    /// Where the stone is that the index refers to.
    /// - Throws: `invalidLocation` for what leads out of the limit, or to no file.
    package func stone(at reference: String) throws(RepositoryError) -> WebAddress {
        do throws(WebAddressError) {
            let result = try address.resolving(reference, below: limit)
            guard result != address, result.lastComponent != "" else {
                throw WebAddressError(.path, "this leads to no file")
            }
            return result
        } catch {
            throw RepositoryError(.invalidLocation, "\"\(reference)\"", "\(error) (in the index \(address))")
        }
    }
}
