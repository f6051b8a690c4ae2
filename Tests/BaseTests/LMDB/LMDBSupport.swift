import BytePath
import Digests
import Glibc
import LMDB

/// A directory for one test, removed with what is in it when the test is over.
struct LMDBScratch: ~Copyable {
    let path: BytePath

    init() throws {
        var template = Array("/tmp/lmdb-test.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw DecodingFailure("mkdtemp: errno \(errno)") }
        path = BytePath(bytes: template.dropLast().map { UInt8(bitPattern: $0) })
    }

    deinit {
        for name in ["data.mdb", "lock.mdb"] { _ = path.appending(name).withCString { unlink($0) } }
        _ = path.withCString { rmdir($0) }
    }

    func open(_ change: (inout EnvironmentOptions) -> Void = { _ in }) throws(DatabaseError) -> Environment {
        var options = EnvironmentOptions()
        change(&options)
        return try Environment(at: path, options: options)
    }

    var dataFile: BytePath { path.appending("data.mdb") }

    func readData() throws -> [UInt8] {
        let descriptor = dataFile.withCString { Glibc.open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw DecodingFailure("open: errno \(errno)") }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Int(lseek(descriptor, 0, SEEK_END)))
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count == bytes.count else { throw DecodingFailure("read: errno \(errno)") }
        return bytes
    }

    func writeData(_ bytes: [UInt8]) throws {
        let descriptor = dataFile.withCString { Glibc.open($0, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
        guard descriptor >= 0 else { throw DecodingFailure("open: errno \(errno)") }
        defer { close(descriptor) }
        let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        guard count == bytes.count else { throw DecodingFailure("write: errno \(errno)") }
    }
}

// Values that tests can tell apart at a glance.
extension UInt64: BucketValue {
    package func encode(into bytes: inout [UInt8]) {
        withUnsafeBytes(of: bigEndian) { bytes.append(contentsOf: $0) }
    }
}

extension Digest128: BucketValue {
    package func encode(into bytes: inout [UInt8]) { appendCanonical(to: &bytes) }
}

/// The code of the database error `body` throws; nil where it throws none.
func databaseErrorCode(_ body: () throws -> Void) -> DatabaseError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? DatabaseError)?.code
    }
}
