package import BytePath
package import Digests
package import LinuxSystem
package import ObjectStore
package import StoneFormat

/// The SHA-256 of what a source has given so far; shared between the reader's source and who asks afterwards.
package final class StreamDigest {
    package let hasher = SHA256Hasher()

    package init() {}
}

/// Reads a stone front to back and hashes it on the way.
package struct StoneSource: ByteSource {
    /// Kept open by the caller for as long as the source is used.
    private let file: Int32
    private var offset: UInt64 = 0
    private let digest: StreamDigest?

    package init(_ file: borrowing Descriptor, digest: StreamDigest?) {
        self.file = file.raw
        self.digest = digest
    }

    package mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        let count = try SystemCalls.read(file, into: buffer, at: offset)
        offset += UInt64(count)
        digest?.hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count
    }
}

package typealias StoreStoneReader = StoneReader<StoneSource>
package typealias StoneFailure = StoneReadError<SystemError>

extension StoneSource {
    /// Begins to read a stone that is a package.
    ///
    /// - Parameter path: for errors.
    package static func open(
        _ path: BytePath, _ source: StoneSource, collectsManifest: Bool
    ) throws(StoreError) -> StoreStoneReader {
        let reader = try StoreError.reading(path) { () throws(StoneFailure) in
            try StoneReader(source, collectsManifest: collectsManifest)
        }
        guard reader.header.fileType == .binary else {
            throw .stone(path, StoneError(.wrongFileType, "this stone is not a package"))
        }
        return reader
    }
}

extension StoreError {
    /// Runs a reading step and gives its error the stone's path.
    package static func reading<R: ~Copyable>(
        _ path: BytePath, _ body: () throws(StoneFailure) -> R
    ) throws(StoreError) -> R {
        do throws(StoneFailure) {
            return try body()
        } catch {
            switch error {
            case .source(let error): throw .system(SystemError(error.number, call: error.call, path: path))
            case .stone(let error): throw .stone(path, error)
            }
        }
    }
}
