package import BytePath
package import LinuxSystem

/// Directories of a root's `.moss`, made and opened.
package enum RootLayout {
    package static let database: BytePath = "db"
    /// Where a database is made anew.
    package static let newDatabase: BytePath = "db.new"
    package static let objects: BytePath = "objects"
    package static let packages: BytePath = "packages"
    package static let leases: BytePath = "leases"
    package static let lostAndFound: BytePath = "lost+found"

    /// Those of the store, in the order they are made.
    package static let storeDirectories = [packages, leases, objects]

    /// Makes the directory `path` below `moss` where it is missing. What is there and is none moves to `lost+found`.
    package static func ensureDirectory(
        _ path: BytePath, mode: UInt32 = 0o755, in moss: borrowing Descriptor
    ) throws(SystemError) {
        if let status = try moss.statusIfPresent(of: path) {
            if status.kind == .directory { return }
            try moss.ensureDirectory(lostAndFound, mode: 0o700)
            let name = path.components.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "-")
            try moss.rename(
                path, to: BytePath("\(name)-\(UInt64.random(in: 1 ... .max))"), below: moss.openDirectory(lostAndFound))
        }
        try moss.ensureDirectory(path, mode: mode)
    }

    /// Opens a directory of the store. To whoever only looks, what is in its place stays there, and nothing is in it.
    package static func open(
        _ name: BytePath, in moss: borrowing Descriptor, making: Bool, readOnly: Bool
    ) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            return try moss.openDirectory(name, making: making)
        } catch {
            guard readOnly, error.number == .notDirectory || error.number == .loop else { throw error }
        }
        return try moss.open(name, [.noFollow, .pathOnly])
    }
}
