package import BytePath

extension Descriptor {
    /// Removes `name` and everything below it; a missing name is success.
    ///
    /// Links are removed, never followed. Works without free space, and again after being stopped anywhere.
    package func removeTree(_ name: BytePath) throws(SystemError) {
        do throws(SystemError) {
            try unlink(name)
            return
        } catch {
            if error.number == .noSuchFile { return }
            guard error.number == .isDirectory || error.number == .notPermitted else { throw error }
        }
        try removeContents(of: name)
        try removeDirectory(name)
    }

    private func removeContents(of name: BytePath) throws(SystemError) {
        do throws(SystemError) {
            let directory = try openDirectory(name)
            try directory.removeAllEntries()
        } catch {
            // A directory without write or search permission: as its owner we may give it to ourselves.
            guard error.number == .accessDenied else { throw error.below(name) }
            try setMode(0o700, of: name)
            let directory = try openDirectory(name)
            try directory.removeAllEntries()
        }
    }

    private func removeAllEntries() throws(SystemError) {
        for entry in try entries() {
            if entry.kind == .directory || entry.kind == .unknown {
                try removeTree(entry.name)
            } else {
                try unlink(entry.name)
            }
        }
    }
}
