package import BytePath

extension Descriptor {
    /// Removes `name` and everything below it; a missing name is success.
    ///
    /// Links are removed, never followed. What is mounted below it, and volumes of their own, are walls: neither they nor
    /// anything in them is touched, and the error says that they are there (``SystemError/isWall``). Works without free
    /// space, and again after being stopped anywhere.
    package func removeTree(_ name: BytePath) throws(SystemError) {
        try removeTree(name, on: status().device)
    }

    private func removeTree(_ name: BytePath, on device: UInt64) throws(SystemError) {
        do throws(SystemError) {
            try unlink(name)
            return
        } catch {
            if error.number == .noSuchFile { return }
            guard error.number == .isDirectory || error.number == .notPermitted else { throw error }
        }
        do throws(SystemError) {
            try removeContents(of: name, on: device)
        } catch {
            // Not a directory after all: what kept it from being unlinked is the reason.
            if error.number == .notDirectory { throw SystemError(.notPermitted, call: "unlink", path: name) }
            throw error
        }
        try removeDirectory(name)
    }

    private func removeContents(of name: BytePath, on device: UInt64) throws(SystemError) {
        do throws(SystemError) {
            try descend(into: name).removeAllEntries(on: device)
        } catch {
            // A directory without write or search permission: as its owner we may give it to ourselves.
            guard error.number == .accessDenied else { throw error.within(name) }
            try setMode(0o700, within: name)
            do throws(SystemError) {
                try descend(into: name).removeAllEntries(on: device)
            } catch {
                throw error.within(name)
            }
        }
    }

    private func removeAllEntries(on device: UInt64) throws(SystemError) {
        // A btrfs subvolume is no mount, and yet a file system of its own.
        guard try status().device == device else { throw SystemError(.crossDevice, call: "rmdir") }
        for entry in try entries() {
            if entry.kind == .directory || entry.kind == .unknown {
                try removeTree(entry.name, on: device)
            } else {
                try unlink(entry.name)
            }
        }
    }
}

extension SystemError {
    /// The same error about what is below `name`, where it is not about `name` itself.
    fileprivate func within(_ name: BytePath) -> SystemError { path == name ? self : below(name) }
}
