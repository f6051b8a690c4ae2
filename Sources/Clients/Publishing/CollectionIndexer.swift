package import BytePath
internal import CollectionIndex
package import Downloads
internal import LinuxSystem
package import PackageModel
package import StoneFormat

/// Making collections: the index of the stones below a directory.
///
/// The bytes of an index follow from the names and contents of the stones.
package struct CollectionIndexer: Sendable {
    package static let indexName = StoneDirectory.indexName

    package let directory: BytePath
    private let threadCount: Int

    package init(directory: BytePath, threadCount: Int = processorCount()) {
        self.directory = directory
        self.threadCount = threadCount
    }

    /// Writes `stone.index` as one, and returns what it lists.
    ///
    /// - Parameter destination: where it goes if not beside the stones; its locations are relative to these all the same.
    @discardableResult
    package func writeIndex(
        into destination: BytePath? = nil, options: StoneWriterOptions = StoneWriterOptions()
    ) throws(RepositoryError) -> [PackageMetadata] {
        let destination = destination ?? directory
        let packages = try StoneDirectory.select(
            StoneDirectory(directory: directory, threadCount: threadCount).scan(), in: directory)
        let bytes: [UInt8]
        do throws(StoneError) {
            bytes = try StoneIndex.encode(repository: packages, options: options)
        } catch {
            throw RepositoryError(.invalidIndex, destination.appending(StoneDirectory.indexName).display, "\(error)")
        }
        try reporting(below: destination) { () throws(SystemError) in
            try Descriptor.openDirectory(destination).replaceFile(StoneDirectory.indexName, with: bytes, durable: true)
        }
        return packages
    }
}
