package import BytePath
package import LinuxSystem
package import StoneFormat

/// Where stones go, and the unfinished files on the way there, which nobody finds when this process is stopped.
package struct StoneDirectory: ~Copyable {
    private let path: BytePath
    private let directory: Descriptor

    package init(_ path: BytePath) throws(SystemError) {
        self.path = path
        directory = try Descriptor.openDirectory(path)
    }

    /// The name of a worker's unfinished files where they need one; no other worker or process has it.
    ///
    /// - Parameter program: whose leftovers they are if it is killed; see ``removeLeftovers(of:)``.
    package static func scratchName(of program: String, _ worker: Int) -> BytePath {
        BytePath("\(prefix(of: program))\(CurrentProcess.identifier)-\(worker)")
    }

    private static func prefix(of program: String) -> String { ".\(program)-" }

    /// Writes a stone, which appears under its name only when it is whole, and returns its size.
    ///
    /// - Parameters:
    ///   - name: in the place of an older file of that name.
    ///   - scratchName: the caller's own until this returns; see ``scratchName(of:_:)``.
    package func write<Source: ContentSource & ~Copyable>(
        _ stone: StoneEmission, contents: inout Source, as name: BytePath, scratchName: BytePath,
        options: StoneWriterOptions
    ) throws(StoneEmissionError<SystemError, Source.Failure>) -> UInt64 {
        typealias Failure = StoneEmissionError<SystemError, Source.Failure>
        let made = try locating(Failure.sink) { () throws(SystemError) in try make(scratchName) }
        do throws(Failure) {
            let sink = try locating(Failure.sink) { () throws(SystemError) in
                FileSink(try made.file.duplicate(), path.appending(name))
            }
            let size = try stone.write(to: sink, contents: &contents, options: options).size
            try locating(Failure.sink) { () throws(SystemError) in try finish(made, as: name, scratchName) }
            return size
        } catch {
            drop(made)
            throw error
        }
    }

    /// Says of a failure where in the file system it was.
    private func locating<R: ~Copyable, Failure: Error>(
        _ failure: (SystemError) -> Failure, _ body: () throws(SystemError) -> R
    ) throws(Failure) -> R {
        do throws(SystemError) {
            return try body()
        } catch {
            throw failure(error.below(path))
        }
    }

    /// A file that is being written.
    private struct Unfinished: ~Copyable {
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
    private func make(_ name: BytePath, mode: UInt32 = 0o644) throws(SystemError) -> Unfinished {
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
    private func finish(_ made: borrowing Unfinished, as name: BytePath, _ temporary: BytePath) throws(SystemError) {
        if made.name == nil {
            do throws(SystemError) {
                return try made.file.giveName(name, below: directory)
            } catch {
                guard error.number == .alreadyExists else { throw error }
            }
            try? directory.unlink(temporary)
            try made.file.giveName(temporary, below: directory)
        }
        do throws(SystemError) {
            try directory.rename(temporary, to: name)
        } catch {
            try? directory.unlink(temporary)
            throw error
        }
    }

    /// Removes a file that will not be finished.
    private func drop(_ made: borrowing Unfinished) {
        if let name = made.name { try? directory.unlink(name) }
    }

    /// Removes what processes of `program` left that were killed, which hold no lock any more; others' files stay.
    package func removeLeftovers(of program: String) {
        let prefix = Self.prefix(of: program)
        guard let entries = try? directory.entries() else { return }
        for entry in entries where entry.kind != .directory && entry.name.bytes.starts(with: prefix.utf8) {
            guard let file = try? directory.open(entry.name, [.noFollow, .nonBlocking]),
                (try? file.lock(.exclusive)) == true
            else { continue }
            // What cannot be removed takes room, nothing else.
            try? directory.unlink(entry.name)
        }
    }
}
