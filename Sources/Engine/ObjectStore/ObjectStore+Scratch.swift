package import BytePath
internal import LinuxSystem
internal import Storage

/// Stores that live as long as one view.
extension ObjectStore {
    /// A store of its own in the directory `path`, made where it is missing: for content that must not enter a root's.
    /// Nothing in it is durable.
    package convenience init(scratchAt path: BytePath) throws(StoreError) {
        let directory = try StoreError.catching(below: path) { () throws(SystemError) in
            let directory = try Descriptor.openDirectory(path)
            try directory.ensureDirectory("db")
            return directory
        }
        let database = try StoreError.catching { () throws(DatabaseError) in
            try Database(at: path.appending("db"))
        }
        try self.init(in: directory, database, ownership: .recorded, making: .needed)
    }
}
