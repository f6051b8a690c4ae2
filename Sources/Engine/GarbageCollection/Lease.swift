internal import BytePath
package import LinuxSystem
internal import Storage

/// Keeps collecting from what a live view shows, for as long as some process has the lease's file open.
///
/// A lease is a file in `.moss/leases`, locked by its holder: it dies with that, in whatever process namespace. Who may
/// not write there holds an anonymous one: a shared lock on `.moss/objects`, which pins everything.
///
/// The lock belongs to the open file, so a child that inherits the descriptor holds the lease as well. Letting go of
/// this value closes the descriptor and nothing else: another holder keeps the lease, and without one the next command
/// that looks reaps it. ``release()`` ends it at once.
package struct Lease: ~Copyable, Sendable {
    /// For handing the lease to another process: that inherits it and calls ``adopt(_:below:)``.
    package let descriptor: Descriptor
    private let directory: Descriptor
    /// The file's name; nil for an anonymous lease.
    private let name: BytePath?

    package var isAnonymous: Bool { name == nil }

    static let temporaryPrefix = ".new-"

    private init(_ descriptor: consuming Descriptor, _ directory: consuming Descriptor, _ name: BytePath?) {
        self.descriptor = descriptor
        self.directory = directory
        self.name = name
    }

    /// Makes a lease below `moss`, a root's `.moss`; nobody ever sees it unlocked.
    ///
    /// By itself it protects only what nobody is collecting yet: use ``Leases/take(_:packages:objects:)``.
    static func take(
        _ description: LeaseDescription, _ pins: [UInt8], below moss: borrowing Descriptor
    ) throws(SystemError) -> Lease {
        let directory = try openDirectory(below: moss)
        while true {
            let name = BytePath("\(UInt64.random(in: 1 ... .max))")
            let temporary = BytePath("\(temporaryPrefix)\(name.display)")
            // Whoever could open it could hold it, and so keep things from being collected.
            do throws(SystemError) {
                let file = try directory.makeFile(temporary, [.readWrite, .exclusive, .append], mode: 0o600)
                _ = try file.lock(.exclusive, waiting: true)
                try file.write(LeaseText.head(description) + pins)
                try directory.rename(temporary, to: name)
                return Lease(file, directory, name)
            } catch {
                try? directory.unlink(temporary)
                // It was taken for a leftover between being made and being locked.
                guard error.number == .noSuchFile else { throw error.below("leases") }
            }
        }
    }

    /// Makes a lease that pins everything; needs no right to write. Waits while a collection removes files,
    /// half a minute at most.
    package static func takeAnonymous(below moss: borrowing Descriptor) throws(SystemError) -> Lease {
        let file = try moss.openDirectory(RootLayout.objects)
        // Anybody who may look there can hold a lock on it, so nobody waits for ever.
        for _ in 0..<anonymousAttempts {
            if try file.lock(.shared) { return Lease(file, try moss.duplicate(), nil) }
            pause(milliseconds: 20)
        }
        throw SystemError(.wouldBlock, call: "flock", path: RootLayout.objects)
    }

    private static let anonymousAttempts = 1500

    /// Takes over a lease whose descriptor this process inherited, and names this process as its holder.
    ///
    /// - Parameter moss: the root's `.moss`.
    package static func adopt(
        _ descriptor: consuming Descriptor, below moss: borrowing Descriptor
    ) throws(SystemError) -> Lease {
        let status = try descriptor.status()
        if status.kind == .directory { return Lease(descriptor, try moss.duplicate(), nil) }
        let directory = try openDirectory(below: moss)
        for entry in try directory.entries() where entry.inode == status.inode {
            let lease = Lease(descriptor, directory, entry.name)
            // Information only, so a full disk keeps nobody from the lease.
            try? lease.append(LeaseText.pid(CurrentProcess.identifier))
            return lease
        }
        throw SystemError(.noSuchFile, call: "open", path: "leases")
    }

    /// Adds whole lines, or nothing at all.
    func append(_ bytes: [UInt8]) throws(SystemError) {
        if isAnonymous || bytes.isEmpty { return }
        let size = try descriptor.status().size
        do throws(SystemError) {
            try descriptor.write(bytes)
        } catch {
            try? descriptor.truncate(to: size)
            throw error.below("leases")
        }
    }

    /// Ends the lease, whoever else has its descriptor.
    package consuming func release() {
        // A file that stays is reaped by the next command.
        if let name { try? directory.unlink(name) }
    }

    /// Opens the directory of leases, which roots made by older versions lack.
    static func openDirectory(below moss: borrowing Descriptor) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            return try moss.openDirectory(RootLayout.leases)
        } catch {
            guard error.number == .noSuchFile else { throw error }
            try moss.ensureDirectory(RootLayout.leases)
            return try moss.openDirectory(RootLayout.leases)
        }
    }
}
