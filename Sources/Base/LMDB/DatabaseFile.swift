package import BytePath
import Glibc

/// A database file read without LMDB, which believes what pages say: for finding all damage there is, and for taking out
/// of a damaged file what can still be read.
package enum DatabaseFile {
    package struct Problem: Hashable, Sendable {
        /// The bucket and key of a record whose checksum fails; nil where pages are wrong.
        package var record: Record?
        package var text: String

        package struct Record: Hashable, Sendable {
            package var bucket: String
            package var key: [UInt8]
        }
    }

    /// A sound record on its way to the one who asked, valid during the call.
    package struct Record {
        /// The name of the bucket.
        package let bucket: [UInt8]
        package let key: UnsafeRawBufferPointer
        /// Without its checksum.
        package let value: UnsafeRawBufferPointer
    }

    /// Reads every page in use of the database in `directory` and calls `body` for each record whose checksum is right,
    /// bucket by bucket in the order of their names, keys ascending. All buckets must have checksums.
    ///
    /// - Returns: everything that is wrong. Records that damaged pages lead to are not among those read.
    /// - Throws: where there is nothing to walk at all: no file, or one without a sound beginning; and where the file
    ///   cannot be looked at.
    package static func read(
        _ directory: BytePath, _ body: (Record) -> Void
    ) throws(DatabaseError) -> [Problem] {
        try withoutActuallyEscaping(body) { (body) throws(DatabaseError) in
            do throws(DataFile.Problem) {
                let file = try DataFile(in: directory)
                let reader = Reader(body)
                do throws(DataFile.Problem) {
                    try PageWalk.run(file, try file.newestMeta(), reader)
                } catch {
                    // What the disk has lost of an open file is gone, and not out of sight.
                    if case .errno(EIO) = error { throw .damaged("its beginning cannot be read from the disk") }
                    throw error
                }
                return reader.problems
            } catch {
                throw DatabaseError(error, directory: directory)
            }
        }
    }

    /// The number of the last commit to the database in `directory`: two looks that give one number saw the same records.
    package static func lastCommit(in directory: BytePath) throws(DatabaseError) -> UInt64 {
        do throws(DataFile.Problem) {
            return try DataFile(in: directory).newestMeta().transaction
        } catch {
            throw DatabaseError(error, directory: directory)
        }
    }

    private final class Reader: PageWalk.Visitor {
        let acceptsLoss = true
        private let body: (Record) -> Void
        private(set) var problems: [Problem] = []

        init(_ body: @escaping (Record) -> Void) { self.body = body }

        func record(bucket: [UInt8], key: UnsafeRawBufferPointer, stored: UnsafeRawBufferPointer) {
            let count = stored.count - TransactionContext.checksumByteCount
            let value = UnsafeRawBufferPointer(rebasing: stored[..<max(0, count)])
            guard count >= 0,
                stored.number(at: count, as: UInt64.self) == recordChecksum(key: key, value: value)
            else {
                let name = String(decoding: bucket, as: UTF8.self)
                problems.append(Problem(record: .init(bucket: name, key: Array(key)), text: "its checksum is wrong"))
                return
            }
            body(Record(bucket: bucket, key: key, value: value))
        }

        func problem(page: UInt64?, _ text: String) {
            problems.append(Problem(record: nil, text: page.map { "page \($0) \(text)" } ?? text))
        }
    }
}
