internal import BytePath
internal import CLinux
import Glibc

/// Leaving the namespaces that this process shares with the one that made it.
package enum Namespaces {
    package struct Kinds: OptionSet, Sendable {
        package let rawValue: Int32

        package init(rawValue: Int32) {
            self.rawValue = rawValue
        }

        package static let mounts = Kinds(rawValue: moss_CLONE_NEWNS)
        package static let users = Kinds(rawValue: moss_CLONE_NEWUSER)
        /// The next child is process 1 of the new namespace; this process stays where it is.
        package static let processes = Kinds(rawValue: moss_CLONE_NEWPID)
        package static let messages = Kinds(rawValue: moss_CLONE_NEWIPC)
        /// The machine's name.
        package static let name = Kinds(rawValue: moss_CLONE_NEWUTS)
        package static let network = Kinds(rawValue: moss_CLONE_NEWNET)
    }

    /// Puts this process, which must have one thread, into new namespaces.
    package static func leave(_ kinds: Kinds) throws(SystemError) {
        guard moss_unshare(kinds.rawValue) == 0 else { throw .last("unshare") }
    }

    /// In a user namespace that was just made: its root is the user `uid` and the group `gid` of the one outside.
    package static func mapRoot(uid: UInt32, gid: UInt32) throws(SystemError) {
        let process = try Descriptor.openDirectory("/proc/self")
        // A group map may only be written once this process can drop no group any more.
        for (name, text) in [("setgroups", "deny"), ("uid_map", "0 \(uid) 1"), ("gid_map", "0 \(gid) 1")] {
            let path = BytePath(name)
            let file = try process.open(path, .write)
            do throws(SystemError) {
                try file.write(Array(text.utf8))
            } catch {
                throw SystemError(error.number, call: error.call, path: BytePath("/proc/self").appending(path))
            }
        }
    }

    /// Whether this process is in the machine's own user namespace, where users are who they are.
    package static var isFirstOfUsers: Bool {
        guard let map = try? Descriptor.openDirectory("/proc/self").readFile("uid_map") else { return false }
        return map.split { $0 == 32 || $0 == 10 }.elementsEqual(["0", "0", "4294967295"]) { $0.elementsEqual($1.utf8) }
    }

    /// Takes up the loopback device of a new network namespace, which begins without any that works.
    package static func raiseLoopback() throws(SystemError) {
        guard moss_raise_loopback() == 0 else { throw .last("ioctl", "lo") }
    }
}

extension CurrentProcess {
    /// Whether this process may mount and make namespaces without a user namespace of its own.
    package static var isSystemAdministrator: Bool { moss_has_capability(moss_CAP_SYS_ADMIN) == 1 }
}
