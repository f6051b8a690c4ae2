internal import BytePath
package import CollectionIndex
internal import CollectionSettings
internal import CommandLineSupport
package import TerminalOutput
internal import WebAddress

/// Collections, the preferred one first.
package struct CollectionListReport: Report {
    package struct Collection: Encodable, Hashable, Sendable {
        package var name: String
        /// Of the index; of a version of a channel and of a store, all of it in one text.
        package var uri: String
        /// Absent unless it is in a store of objects.
        package var store: Store?
        /// Absent unless it is a version of a channel.
        package var channel: Channel?
        package var mirrors: [String]
        package var trust: Trust
        package var description: String
        package var priority: UInt64
        package var isEnabled: Bool
        /// Absent where it was never read from this place.
        package var packageCount: Int?
        /// Seconds since 1970.
        package var refreshed: Int64?
    }

    package struct Channel: Encodable, Hashable, Sendable {
        package var base: String
        package var name: String
        package var version: String
        package var architecture: String
    }

    package struct Store: Encodable, Hashable, Sendable {
        package var bucket: String
        package var prefix: String
        /// Absent for Amazon's own.
        package var endpoint: String?
        package var region: String
    }

    package struct Trust: Encodable, Hashable, Sendable {
        /// `keys`, `unsigned`, `local`, or `unknown` where nothing is said and nothing can be read before it is.
        package var kind: String
        package var keys: [String]
        /// Absent without keys.
        package var threshold: Int?
    }

    package var collections: [Collection]

    package init(collections: [Collection]) {
        self.collections = collections
    }

    package init(_ listed: [CollectionManager.Listed]) {
        collections = listed.map {
            Collection(
                name: $0.configuration.id.text, uri: $0.configuration.uri,
                store: Store($0.configuration.source), channel: Channel($0.configuration.source),
                mirrors: $0.configuration.mirrors.map(\.text), trust: Trust($0.configuration),
                description: $0.configuration.description, priority: $0.configuration.priority,
                isEnabled: $0.configuration.isActive, packageCount: $0.record?.packageCount,
                refreshed: $0.record?.refreshed)
        }
    }

    package func write(to output: TerminalStream) {
        var table = Table([.left, .left, .right, .left, .left])
        for collection in collections {
            let count = collection.packageCount.map { Measures.count($0, "package") } ?? "never read"
            let comment = collection.description.isEmpty ? "" : "  \(collection.description.printable)"
            let mirrors = collection.mirrors.map { "  or \($0)" }.joined()
            table.add(
                .init(collection.name, .bold), .init("priority \(collection.priority)"), .init(count),
                .init(collection.trust.text),
                .init(
                    collection.uri.printable + mirrors + (collection.isEnabled ? "" : " (disabled)") + comment))
        }
        table.write(to: output)
    }
}

extension CollectionListReport.Channel {
    init?(_ source: CollectionSource) {
        guard case .versioned(let source) = source else { return nil }
        let texts = source.texts
        self.init(
            base: texts.base, name: texts.channel, version: texts.version, architecture: texts.architecture)
    }
}

extension CollectionListReport.Store {
    init?(_ source: CollectionSource) {
        guard let texts = source.storeTexts else { return nil }
        self.init(
            bucket: texts.bucket, prefix: texts.prefix, endpoint: texts.endpoint, region: texts.region)
    }
}

extension CollectionListReport.Trust {
    init(_ configuration: CollectionConfiguration) {
        switch try? configuration.trust {
        case .keys(let keys, let threshold):
            self.init(kind: "keys", keys: keys.map(\.text), threshold: threshold)
        case .unsigned: self.init(kind: "unsigned", keys: [])
        case .local: self.init(kind: "local", keys: [])
        case nil: self.init(kind: "unknown", keys: [])
        }
    }

    fileprivate var text: String {
        guard let threshold else { return kind == "unknown" ? "no keys" : kind }
        return threshold == keys.count
            ? "signed by \(Measures.count(threshold, "key"))" : "signed by \(threshold) of \(keys.count) keys"
    }
}
