package import StoneFormat

/// Where the contents of a package's files come from when its stone is written: memory, a directory, a scratch file.
package protocol ContentSource: ~Copyable {
    associatedtype Failure: Error

    /// Reads from a content into all of `buffer`, or as much as there is.
    ///
    /// Contents are asked for one after the other, each from its beginning to its end; files of no length never are.
    /// - Parameters:
    ///   - file: one of those the stone was announced with.
    ///   - offset: from the content's beginning.
    /// - Returns: how many bytes were read; 0 where the content ends, which is an error of the stone's if it is early.
    mutating func read(
        _ file: ContentFile, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Failure) -> Int
}
