internal import CommandLineSupport
internal import ViewProcess

/// What mount(8) starts for a line of fstab such as `/ /history fuse.moss all,nofail 0 0`: moss under another name.
///
/// The source is the root. Options of moss are `state=NUMBER or name`, `all` (what is shown when neither is given) and
/// `reading=WAY`; of those of mount(8), see ``MountOptions``.
package enum MountHelper {
    /// The name under which mount(8) looks for it.
    package static let programName = "mount.fuse.moss"

    /// Why a command line of mount(8) cannot be followed.
    package struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    private static let usage = "usage: \(programName) ROOT DIR [-fnsv] [-o OPTION,...]; mount(8) starts it"

    /// The command line of moss for one of mount(8); nil where there is nothing to do.
    ///
    /// - Parameter arguments: without the program's name.
    package static func arguments(for arguments: [String]) throws(Malformed) -> [String]? {
        var places: [String] = []
        var options: [String] = []
        var (isPretence, isSloppy) = (false, false)
        var rest = arguments[...]
        while let word = rest.popFirst() {
            switch word {
            case "-o":
                guard let list = rest.popFirst() else { throw Malformed(description: usage) }
                options += list.split(separator: ",").map(String.init)
            case "-t":
                guard rest.popFirst() != nil else { throw Malformed(description: usage) }
            case "-N": throw Malformed(description: "-N: mount in another namespace with nsenter(1)")
            case let word where word.hasPrefix("-") && word.count > 1:
                guard word.dropFirst().allSatisfy({ "fnsv".contains($0) }) else { throw Malformed(description: usage) }
                if word.contains("f") { isPretence = true }
                if word.contains("s") { isSloppy = true }
            default: places.append(word)
            }
        }
        guard places.count == 2 else { throw Malformed(description: usage) }
        let view = try words(for: options, isSloppy: isSloppy)
        return isPretence ? nil : ["-D", places[0], "mount"] + view + [places[1]]
    }

    private static func words(for options: [String], isSloppy: Bool) throws(Malformed) -> [String] {
        var words: [String] = []
        var shown: [String]?
        var others: [String] = []
        for option in options {
            let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
            switch (parts.first, parts.count) {
            case ("all", 1): shown = ["--all"]
            case ("state", 2): shown = [parts[1]]
            case ("reading", 2): words += ["--reading", parts[1]]
            // What mount(8) says where a line of fstab has neither.
            case ("rw", 1): continue
            default:
                do throws(MountOptions.Refused) {
                    // Those that only mount(8) understands are done with.
                    if try MountOptions(option) != MountOptions() || option == "exec" { others.append(option) }
                } catch {
                    if !isSloppy {
                        throw Malformed(description: "\(error); of its own there are state=, all and reading=")
                    }
                }
            }
        }
        if !others.isEmpty { words += ["-o", others.joined(separator: ",")] }
        return words + (shown ?? ["--all"])
    }

    /// The exit code that mount(8) expects of its helpers, for one of moss.
    package static func exitCode(for code: Int32) -> Int32 {
        switch code {
        // The view is there, whoever was to be told.
        case MossExit.done.rawValue, MossExit.outputLost.rawValue: 0
        case MossExit.usage.rawValue: 1
        default: 32
        }
    }
}
