package import BytePath
internal import CollectionIndex
internal import Digests
package import Downloads
internal import LinuxSystem
package import PackageModel
package import StoneFormat

/// Making collections: the index of the stones below a directory.
///
/// The bytes of an index follow from the names and contents of the stones. Stones that were read before and have not
/// changed are not read again.
package struct CollectionIndexer: Sendable {
    package static let indexName = StoneDirectory.indexName
    package static let filesName = StoneDirectory.filesName

    package let directory: BytePath
    private let threadCount: Int

    package init(directory: BytePath, threadCount: Int = processorCount()) {
        self.directory = directory
        self.threadCount = threadCount
    }

    /// What was found and written.
    package struct Indexed: Hashable, Sendable {
        /// As the index lists them.
        package var packages: [PackageMetadata]
        /// All stones below the directory.
        package var stoneCount: Int
        /// Of these, those that were read.
        package var readCount: Int
        /// Paths that the packages have together.
        package var fileCount: Int
    }

    /// Writes `stone.files` and `stone.index`, each as one, and returns what they list.
    ///
    /// - Parameter destination: where they go if not beside the stones; locations are relative to these all the same.
    @discardableResult
    package func writeIndex(
        into destination: BytePath? = nil, options: StoneWriterOptions = StoneWriterOptions()
    ) throws(RepositoryError) -> Indexed {
        let destination = destination ?? directory
        let place = try reporting(below: destination) { () throws(SystemError) in
            try Descriptor.openDirectory(destination)
        }
        let survey = try StoneSurvey(of: directory, rememberedIn: place, threadCount: threadCount)
        let packages = survey.listed.map(\.stone.metadata)
        let path = destination.appending(Self.indexName)
        let index = try StoneSurvey.index(packages, options, for: path)
        let (files, fileCount) = try survey.fileIndex(
            of: index.withUnsafeBytes { SHA256Digest(hashing: $0) }, level: options.recordLevel, for: path)
        try reporting(below: destination) { () throws(SystemError) in
            // It says which index it belongs to, so that nobody takes it for that of the old one.
            try place.replaceFile(Self.filesName, with: files)
            try place.replaceFile(Self.indexName, with: index, durable: true)
        }
        return Indexed(
            packages: packages, stoneCount: survey.stoneCount, readCount: survey.readCount, fileCount: fileCount)
    }
}
