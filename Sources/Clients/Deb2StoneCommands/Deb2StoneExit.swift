internal import CommandLineSupport

/// How deb2stone ends; the numbers are promised to scripts.
package enum Deb2StoneExit: Int32, ProgramExit {
    case done = 0
    case someFailed = 1
    case failed = 2
    case outputLost = 11
    case usage = 64

    package var meaning: String {
        switch self {
        case .done: "all packages were converted"
        case .someFailed: "some were not, the others were"
        case .failed: "no package was, or index or report could not be written"
        case .outputLost: "all was done, but standard output could not be written"
        case .usage: "wrong arguments"
        }
    }
}
