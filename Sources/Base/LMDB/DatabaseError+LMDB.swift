internal import BytePath
internal import CLMDB
import Glibc

extension DatabaseError {
    /// Turns a result code of LMDB, or the errno it passes on, into an error.
    init(result: Int32, directory: BytePath, bucket: String? = nil, key: [UInt8]? = nil, doing action: String) {
        let text = mdb_strerror(result).map { String(cString: $0) } ?? "code \(result)"
        self.init(
            Self.code(for: result), directory: directory, bucket: bucket, key: key, detail: "\(action): \(text)")
    }

    /// Says what a look at the data file has found.
    init(_ problem: DataFile.Problem, directory: BytePath) {
        switch problem {
        case .errno(let code): self.init(result: code, directory: directory, doing: "reading data.mdb")
        case .notADatabase(let detail): self.init(.notADatabase, directory: directory, detail: detail)
        case .version(let version):
            self.init(.versionMismatch, directory: directory, detail: "data format \(version), not 1")
        case .isChanging: self.init(.busy, directory: directory)
        case .tooLarge(let size): self.init(.tooLargeToCopy, directory: directory, detail: "\(size) bytes")
        case .damaged(let detail): self.init(.damaged, directory: directory, detail: detail)
        }
    }

    private static func code(for result: Int32) -> Code {
        switch result {
        case ENOENT, ENOTDIR: .notFound
        case EACCES, EPERM, EROFS: .permissionDenied
        case ENOSPC: .diskFull
        case EFBIG: .fileTooLarge
        case EDQUOT: .quotaExceeded
        case EIO: .inputOutput
        case ENOMEM: .outOfMemory
        case EMFILE, ENFILE: .tooManyFiles
        case MDB_INVALID: .notADatabase
        case MDB_VERSION_MISMATCH: .versionMismatch
        case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_CURSOR_FULL, MDB_INCOMPATIBLE: .damaged
        case MDB_MAP_FULL: .mapFull
        case MDB_MAP_RESIZED: .mapResized
        case MDB_DBS_FULL: .tooManyBuckets
        case MDB_TXN_FULL: .transactionTooBig
        case MDB_BAD_VALSIZE: .invalidKey
        case MDB_PANIC: .unusable
        default: .other
        }
    }
}
