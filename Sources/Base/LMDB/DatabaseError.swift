package import BytePath
package import Failures

/// Why the database could not do what was asked, where, and what helps.
package struct DatabaseError: Error, Sendable, Equatable {
    package enum Code: Sendable {
        /// No database at this place.
        case notFound
        /// This process has the environment open already.
        case alreadyOpen
        /// The files are something else.
        case notADatabase
        /// Written by an incompatible LMDB.
        case versionMismatch
        /// The structure of the file is broken or the file is too short.
        case damaged
        /// One record fails its checksum or cannot be decoded; the others are readable.
        case recordDamaged
        case permissionDenied
        case diskFull
        /// The user's share of the disk is used up.
        case quotaExceeded
        /// The file would be larger than this process may make one.
        case fileTooLarge
        /// The device failed to read or write.
        case inputOutput
        case outOfMemory
        /// This process, or the system, has as many files open as it may.
        case tooManyFiles
        /// The map has reached `EnvironmentOptions.mapSizeLimit`.
        case mapFull
        /// Another process changed the map's size at a moment this thread cannot follow.
        case mapResized
        case tooManyBuckets
        /// One update changes more pages than LMDB can track.
        case transactionTooBig
        /// Empty, longer than 511 bytes, or not encodable.
        case invalidKey
        case valueTooBig
        /// The environment was opened for reading only.
        case readOnly
        /// The records are of the format before: they can be read, and have to be taken over before anything changes.
        case formerFormat
        /// The records are of a format that is not known yet.
        case newerFormat
        /// Other processes write faster than an unlocked reader can read.
        case busy
        /// It belongs to somebody else, and is larger than what is copied of such a one.
        case tooLargeToCopy
        /// A failure left the environment unusable in this process.
        case unusable
        /// Anything LMDB or the kernel says beyond these.
        case other
    }

    package var code: Code
    package var directory: BytePath
    package var bucket: String?
    /// The encoded key.
    package var key: [UInt8]?
    /// What happened, without place and next step.
    package var detail: String

    package init(
        _ code: Code, directory: BytePath, bucket: String? = nil, key: [UInt8]? = nil, detail: String = ""
    ) {
        self.code = code
        self.directory = directory
        self.bucket = bucket
        self.key = key
        self.detail = detail
    }
}

extension DatabaseError: MarkedError {
    package var ownMarks: FailureMarks {
        switch code {
        case .notFound, .notADatabase, .versionMismatch: []
        case .damaged, .recordDamaged: .damaged
        case .diskFull: [.diskFull, .unseen]
        case .quotaExceeded: [.diskFull, .quota, .unseen]
        default: .unseen
        }
    }

    package var remedy: String { nextStep }
}

extension DatabaseError: CustomStringConvertible {
    /// One line: place, cause, next step.
    package var description: String {
        var text = "database \(directory.display)"
        if let bucket { text += ", bucket \(bucket)" }
        if let key { text += ", key \(hexadecimal(key))" }
        text += ": \(cause)"
        if !detail.isEmpty { text += " (\(detail))" }
        return "\(text); \(nextStep)"
    }

    private var cause: String {
        switch code {
        case .notFound: "there is no database"
        case .alreadyOpen: "this process has it open already"
        case .notADatabase: "data.mdb is not a database"
        case .versionMismatch: "written by another version of LMDB"
        case .damaged: "the file is damaged"
        case .recordDamaged: "the record is damaged"
        case .permissionDenied: "permission denied"
        case .diskFull: "no space left on the device"
        case .quotaExceeded: "the disk quota is used up"
        case .fileTooLarge: "its file would be larger than this process may make one"
        case .inputOutput: "the device failed"
        case .outOfMemory: "not enough memory or address space"
        case .tooManyFiles: "too many open files"
        case .mapFull: "the size limit is reached"
        case .mapResized: "another process has grown it"
        case .tooManyBuckets: "too many buckets"
        case .transactionTooBig: "too many changes in one update"
        case .invalidKey: "the key is empty, too long or not encodable"
        case .valueTooBig: "the value is too big"
        case .readOnly: "opened for reading only"
        case .formerFormat: "its records are of the format before"
        case .newerFormat: "written by a newer version of this program"
        case .busy: "it changes faster than it can be read without its lock"
        case .tooLargeToCopy: "it belongs to another user and is too large to be checked before it is read"
        case .unusable: "an earlier failure made it unusable"
        case .other: "unexpected failure"
        }
    }

    private var nextStep: String {
        switch code {
        case .notFound: "create it first, or check the path"
        case .alreadyOpen: "use the environment that is open"
        case .notADatabase: "check the path, or move the file away and rebuild the database"
        case .versionMismatch: "use the program that wrote it, or rebuild the database"
        case .damaged, .recordDamaged: "rebuild the database"
        case .permissionDenied: "run as the owner of the directory, and see whether it can be written"
        case .diskFull, .quotaExceeded: "free some space and try again, nothing was changed"
        case .fileTooLarge: "raise the limit on file sizes of this process (ulimit -f), nothing was changed"
        case .inputOutput: "check the device (kernel log), then rebuild the database"
        case .outOfMemory: "raise the memory limits or end other programs"
        case .tooManyFiles: "raise the limit of open files (ulimit -n)"
        case .mapFull: "raise the limit, nothing was changed"
        case .mapResized, .busy: "try again"
        case .tooLargeToCopy: "read it as its owner"
        case .tooManyBuckets: "raise the limit on opening"
        case .transactionTooBig: "split the update, nothing was changed"
        case .invalidKey: "use a key of 1 to 511 bytes"
        case .valueTooBig: "split the value"
        case .readOnly: "open it for writing"
        case .formerFormat: "take it over first, nothing was changed"
        case .newerFormat: "use that version"
        case .unusable: "run the command again"
        case .other: "nothing was changed"
        }
    }
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
