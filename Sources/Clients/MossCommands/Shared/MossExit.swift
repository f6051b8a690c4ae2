internal import CommandLineSupport

/// How moss ends; the numbers are promised to scripts.
package enum MossExit: Int32, ProgramExit {
    case done = 0
    case failed = 1
    case usage = 2
    case notFound = 3
    case notConfirmed = 4
    case locked = 5
    case noSpace = 6
    case unsatisfiable = 7
    case damaged = 8
    case repaired = 9
    case unseen = 10
    case outputLost = 11

    package var meaning: String {
        switch self {
        case .done: "done, or nothing to do"
        case .failed: "an error"
        case .usage: "the command line makes no sense"
        case .notFound: "something named does not exist: a package, state, collection or path"
        case .notConfirmed: "the question was answered with no, or there was nobody to ask; nothing changed"
        case .locked: "another command is changing the root"
        case .noSpace: "not enough space or inodes; nothing changed"
        case .unsatisfiable: "dependencies or conflicts stand against it; nothing changed"
        case .damaged: "a check found damage, and not all of it was repaired"
        case .repaired: "a check found damage, and all of it was repaired"
        case .unseen: "a check could not look at everything, and found no damage that is still there"
        case .outputLost: "done as far as was asked, but its output could not be written"
        }
    }
}
