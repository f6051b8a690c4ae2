internal import BytePath
internal import CommandLineSupport
internal import Digests
package import Publishing
package import TerminalOutput

/// The index that was written.
package struct IndexReport: Report {
    /// What was published with it.
    package struct Publication: Encodable, Sendable {
        package struct Part: Encodable, Sendable {
            /// Below the collection's directory.
            var path: String
            var sha256: String
            var size: UInt64
            /// SHA-256 of the former index that a delta is made of.
            var from: String?

            fileprivate init(_ part: Publishing.Publication.Part, from: String? = nil) {
                path = part.path.display
                sha256 = part.digest.hexadecimal
                size = part.size
                self.from = from
            }
        }

        var index: Part
        var files: Part
        var deltas: [Part]
        var copiedCount: Int
        var removedCount: Int
        var isChanged: Bool
        /// Of the manifest, and how many it takes; absent for a collection without sets of keys.
        var signatures: Int?
        var threshold: Int?
    }

    var path: String
    var pathBytes: String?
    var packageCount: Int
    /// Stones below the directory, and of these, those that were read.
    var stoneCount: Int
    var readCount: Int
    var publication: Publication?

    package init(_ path: PathText, _ indexed: CollectionIndexer.Indexed) {
        (self.path, pathBytes) = (path.text, path.bytes)
        packageCount = indexed.packages.count
        (stoneCount, readCount) = (indexed.stoneCount, indexed.readCount)
    }

    package init(_ path: PathText, _ published: CollectionPublisher.Published) {
        (self.path, pathBytes) = (path.text, path.bytes)
        packageCount = published.packages.count
        (stoneCount, readCount) = (published.stoneCount, published.readCount)
        let parts = published.publication
        publication = Publication(
            index: .init(parts.index), files: .init(parts.files),
            deltas: parts.deltas.map { .init($0.part, from: $0.base.hexadecimal) }, copiedCount: published.copiedCount,
            removedCount: published.removedCount, isChanged: published.isChanged,
            signatures: published.signatures?.count, threshold: published.signatures?.threshold)
    }

    package func write(to output: TerminalStream) {
        let text = path.printable
        output.line("\(text): \(Measures.count(packageCount, "package")), read \(readCount) of \(stoneCount) stones")
        guard let publication else { return }
        let parts = [
            "\(Measures.count(publication.copiedCount, "stone")) added",
            Measures.count(publication.deltas.count, "delta"),
            "\(Measures.count(publication.removedCount, "file")) removed",
        ]
        if let count = publication.signatures, let threshold = publication.threshold, count < threshold {
            output.line(
                "waits for signatures, \(count) of \(threshold): until then those who trust keys keep what was there before"
            )
        }
        output.line(publication.isChanged ? "published: \(parts.joined(separator: ", "))" : "nothing new to publish")
    }
}
