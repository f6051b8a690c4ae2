package import Failures
import Glibc

extension ErrorNumber {
    package static let tooManyFiles = ErrorNumber(rawValue: EMFILE)
    package static let tooManyFilesOfAll = ErrorNumber(rawValue: ENFILE)
    package static let outOfMemory = ErrorNumber(rawValue: ENOMEM)

    /// The numbers that tell what a name is, or that there is none. With any other one, that is not known: the list of
    /// what can keep a process from looking is open, this one is not.
    private static let telling: Set<Int32> = [
        ENOENT, ENOTDIR, EISDIR, ELOOP, EEXIST, ENOTEMPTY, EINVAL, ENXIO, ENODATA, ENAMETOOLONG, EFBIG, EMEDIUMTYPE,
        ESPIPE,
    ]

    /// What a disk or file system says of bytes that it has lost.
    private static let losses: Set<Int32> = [EIO, EUCLEAN, EBADMSG]

    package var saysNothing: Bool { !Self.telling.contains(rawValue) }
    fileprivate var isLoss: Bool { Self.losses.contains(rawValue) }
    /// Whether too many files are open, here or in the whole system.
    package var isShortOfFiles: Bool { self == .tooManyFiles || self == .tooManyFilesOfAll }
}

extension SystemError: MarkedError {
    package var ownMarks: FailureMarks {
        var marks: FailureMarks = number.saysNothing ? .unseen : []
        switch number {
        case .noSpace: marks.insert(.diskFull)
        case .quotaExceeded: marks.formUnion([.diskFull, .quota])
        default: break
        }
        return marks
    }

    /// Whether opening or reading a regular file failed because of the file itself: it was looked at, and the disk has
    /// lost it. Only whoever knows that it was a regular file may ask; of a directory it would say nothing.
    package var isLossOfContent: Bool { number.isLoss && ["open", "read", "pread"].contains(call) }

    package var remedy: String {
        switch number {
        case .tooManyFiles: "raise the limit of open files (ulimit -n)"
        case .tooManyFilesOfAll: "end other programs: all files that the system may open are open"
        case .outOfMemory: "free some memory, or raise the limits of memory"
        case .accessDenied, .notPermitted: "run it as root, or as the owner of the root"
        case .inputOutput: "look at the kernel's log (dmesg) and at the disk"
        case .noSpace, .quotaExceeded: "free some space"
        default: "run it again"
        }
    }
}
