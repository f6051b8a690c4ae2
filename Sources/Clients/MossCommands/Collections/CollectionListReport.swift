internal import BytePath
package import CollectionIndex
internal import CommandLineSupport
package import TerminalOutput

/// Collections, the preferred one first.
package struct CollectionListReport: Report {
    package struct Collection: Encodable, Hashable, Sendable {
        package var name: String
        package var uri: String
        package var description: String
        package var priority: UInt64
        package var isEnabled: Bool
        /// Absent where it was never read from this place.
        package var packageCount: Int?
        /// Seconds since 1970.
        package var refreshed: Int64?
    }

    package var collections: [Collection]

    package init(collections: [Collection]) {
        self.collections = collections
    }

    package init(_ listed: [CollectionManager.Listed]) {
        collections = listed.map {
            Collection(
                name: $0.configuration.id.text, uri: $0.configuration.uri, description: $0.configuration.description,
                priority: $0.configuration.priority, isEnabled: $0.configuration.isActive,
                packageCount: $0.record?.packageCount, refreshed: $0.record?.refreshed)
        }
    }

    package func write(to output: TerminalStream) {
        var table = Table([.left, .left, .right, .left])
        for collection in collections {
            let count = collection.packageCount.map { Measures.count($0, "package") } ?? "never read"
            let comment = collection.description.isEmpty ? "" : "  \(collection.description.printable)"
            table.add(
                .init(collection.name, .bold), .init("priority \(collection.priority)"), .init(count),
                .init(collection.uri.printable + (collection.isEnabled ? "" : " (disabled)") + comment))
        }
        table.write(to: output)
    }
}
