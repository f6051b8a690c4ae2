package import BytePath
import Digests
package import LinuxSystem
internal import PackageModel
package import StoneFormat

/// Contents that come in any order, as out of an archive, and are put down once each until the stone is written.
///
/// ```
/// contents.append(bytes) …        // the pieces of one file
/// contents.endFile { wanted.contains($0) }
/// ```
/// Takes room on disk for the contents that were kept and the largest of the others.
package struct ScratchContents: ContentSource, ~Copyable {
    private var scratch: ScratchFile
    private var places: [ContentFile: UInt64] = [:]
    private var start: UInt64 = 0
    private let hasher = XXH3Hasher(.bits128)

    /// - Parameter directory: where there is space; see ``ScratchFile``.
    package init(in directory: BytePath, name: BytePath) throws(SystemError) {
        scratch = try ScratchFile(in: directory, name: name)
    }

    /// Takes the next bytes of the file that is being read.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        hasher.update(bytes)
        try scratch.append(bytes)
    }

    /// Ends the file and keeps its content if it is wanted and new; the next bytes are another file's.
    ///
    /// - Returns: what the content is known by.
    @discardableResult
    package mutating func endFile(where isWanted: (ContentFile) -> Bool = { _ in true }) -> ContentFile {
        let file = ContentFile(digest: ObjectID(hasher.digest128), size: scratch.size - start)
        hasher.reset()
        if places[file] == nil, isWanted(file) {
            places[file] = start
            start = scratch.size
        } else {
            scratch.rewind(to: start)
        }
        return file
    }

    /// Whether the content was kept.
    package func contains(_ file: ContentFile) -> Bool { places[file] != nil }

    package func read(
        _ file: ContentFile, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int {
        guard let place = places[file], offset < file.size else { return 0 }
        let count = Int(min(UInt64(buffer.count), file.size - offset))
        return try scratch.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: place + offset)
    }
}
