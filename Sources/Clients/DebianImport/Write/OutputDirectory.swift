import BytePath
import LinuxSystem

/// Where stones go, and the unfinished files on the way there, which nobody finds when this process is stopped.
struct OutputDirectory: ~Copyable {
    private static let prefix = Array(".deb2stone-".utf8)

    private let directory: Descriptor

    init(_ path: BytePath) throws(SystemError) {
        directory = try Descriptor.openDirectory(path)
    }

    /// The name of unfinished files where they need one; no other worker or process has it.
    static func scratchName(_ worker: Int) -> String {
        String(decoding: prefix, as: UTF8.self) + "\(CurrentProcess.identifier)-\(worker)"
    }

    /// A file that is being written.
    struct Unfinished: ~Copyable {
        let file: Descriptor
        /// nil where it has none.
        let name: BytePath?
    }

    /// A file for scratch, which never has a name for longer than a moment.
    func makeUnnamed(_ name: BytePath) throws(SystemError) -> Descriptor {
        if let file = try withoutName(mode: 0o600) { return file }
        let file = try withName(name, mode: 0o600)
        try directory.unlink(name)
        return file
    }

    /// A new file, without a name where the file system can.
    func make(_ name: BytePath, mode: UInt32 = 0o644) throws(SystemError) -> Unfinished {
        if let file = try withoutName(mode: mode) { return Unfinished(file: file, name: nil) }
        let file = try withName(name, mode: mode)
        // Says that it is no leftover; see removeLeftovers.
        _ = try file.lock(.exclusive)
        return Unfinished(file: file, name: name)
    }

    /// nil where the file system has no such files.
    private func withoutName(mode: UInt32) throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            let file = try directory.open(".", [.unnamed, .readWrite], mode: mode)
            try file.settle(mode: mode)
            return file
        } catch {
            // Old and strange file systems have other numbers for what they cannot.
            guard [.notSupported, .isDirectory, .invalidArgument, .noSuchFile].contains(error.number) else {
                throw error
            }
            return nil
        }
    }

    private func withName(_ name: BytePath, mode: UInt32) throws(SystemError) -> Descriptor {
        try? directory.unlink(name)
        return try directory.makeFile(name, [.readWrite, .exclusive], mode: mode)
    }

    /// Gives a finished file its own name, in the place of an older one.
    ///
    /// - Parameter temporary: for the moment in between.
    func finish(_ made: borrowing Unfinished, as name: BytePath, _ temporary: BytePath) throws(SystemError) {
        if made.name == nil {
            do throws(SystemError) {
                return try made.file.giveName(name, below: directory)
            } catch {
                guard error.number == .alreadyExists else { throw error }
            }
            try? directory.unlink(temporary)
            try made.file.giveName(temporary, below: directory)
        }
        try directory.rename(temporary, to: name)
    }

    /// Removes a file that will not be finished.
    func drop(_ made: borrowing Unfinished) {
        if let name = made.name { try? directory.unlink(name) }
    }

    /// Removes what processes left that were killed, which hold no lock any more.
    func removeLeftovers() {
        guard let entries = try? directory.entries() else { return }
        for entry in entries where entry.kind != .directory && entry.name.bytes.starts(with: Self.prefix) {
            guard let file = try? directory.open(entry.name, [.noFollow, .nonBlocking]),
                (try? file.lock(.exclusive)) == true
            else { continue }
            // What cannot be removed takes room, nothing else.
            try? directory.unlink(entry.name)
        }
    }
}
