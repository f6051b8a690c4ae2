package import BytePath
package import LinuxSystem
internal import Storage

/// Where repairs put what they find in the way: nothing in it is ever removed by moss.
package enum LostAndFound {
    /// Below the root.
    package static let path: BytePath = ".moss/lost+found"

    /// Opens the directory, which only the root's owner can enter, making it where it is missing.
    package static func open(_ root: RootDirectory) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            try root.moss.ensureDirectory(RootLayout.lostAndFound, mode: 0o700)
            return try root.moss.openDirectory(RootLayout.lostAndFound)
        } catch {
            throw error.below(root.path.appending(".moss"))
        }
    }

    /// Makes a new directory in it, with a number after `name` where there is one already.
    package static func makeDirectory(_ root: RootDirectory, _ name: String) throws(SystemError) -> BytePath {
        let keeper = try open(root)
        var number = 1
        while true {
            let full = BytePath(number == 1 ? name : "\(name).\(number)")
            do throws(SystemError) {
                try keeper.makeDirectory(full, mode: 0o700)
                return full
            } catch {
                guard error.number == .alreadyExists else { throw error.below(root.path.appending(path)) }
                number += 1
            }
        }
    }

    /// Gives what is at `path`, below `.moss`, a second name here, before it is replaced; nothing where it is missing.
    package static func keep(_ path: BytePath, _ root: RootDirectory) throws(SystemError) {
        guard try root.moss.statusIfPresent(of: path) != nil else { return }
        let name = BytePath("\(path.lastComponent.display)-\(UInt64.random(in: 1 ... .max))")
        do throws(SystemError) {
            try open(root).link(path, below: root.moss, to: name)
        } catch {
            throw error.below(root.path.appending(Self.path))
        }
    }
}
