/// What mount(8) starts for a line of fstab such as `/ /history fuse.moss all,nofail 0 0`: moss under another name.
///
/// The source is the root. Options of moss are `state=NUMBER or name`, `all` (what is shown when neither is given) and
/// `reading=WAY`; those that mount(8) itself understands are passed over.
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
        var isPretence = false
        var rest = arguments[...]
        while let word = rest.popFirst() {
            switch word {
            case "-o":
                guard let list = rest.popFirst() else { throw Malformed(description: usage) }
                options += list.split(separator: ",").map(String.init)
            case "-t", "-N": _ = rest.popFirst()
            case let word where word.hasPrefix("-") && word.count > 1:
                guard word.dropFirst().allSatisfy({ "fnsv".contains($0) }) else { throw Malformed(description: usage) }
                if word.contains("f") { isPretence = true }
            default: places.append(word)
            }
        }
        guard places.count == 2 else { throw Malformed(description: usage) }
        let view = try words(for: options)
        return isPretence ? nil : ["-D", places[0], "mount"] + view + [places[1]]
    }

    private static func words(for options: [String]) throws(Malformed) -> [String] {
        var words: [String] = []
        var shown: [String]?
        for option in options {
            let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
            switch (parts.first, parts.count) {
            case ("all", 1): shown = ["--all"]
            case ("state", 2): shown = [parts[1]]
            case ("reading", 2): words += ["--reading", parts[1]]
            case let (name?, _) where isForMount(name): continue
            default:
                throw Malformed(description: "\(option): no such option; there are state=, all and reading=")
            }
        }
        return words + (shown ?? ["--all"])
    }

    /// A view is read-only, and its programs never get privileges from it, whatever is asked for here.
    private static func isForMount(_ name: String) -> Bool {
        let known: Set<String> = [
            "defaults", "ro", "rw", "auto", "noauto", "user", "nouser", "users", "group", "owner", "nofail", "_netdev",
            "suid", "nosuid", "dev", "nodev", "exec", "noexec", "sync", "async", "atime", "noatime", "relatime",
            "norelatime", "strictatime", "diratime", "nodiratime", "silent", "loud", "comment",
        ]
        return known.contains(name) || name.hasPrefix("x-") || name.hasPrefix("X-")
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
