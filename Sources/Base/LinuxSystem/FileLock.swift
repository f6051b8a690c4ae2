package import BytePath
import Glibc

/// An exclusive kernel lock on a file (`flock`): it ends with its holder, however that ends.
///
/// The file's text says who holds it, for the message to the one who waits. Only the file's owner can open it: whoever
/// could, could keep everybody else waiting.
package struct FileLock: ~Copyable, Sendable {
    private let file: Descriptor

    /// Why a lock was not had.
    package enum Failure: Error, Sendable {
        /// Somebody else holds it; the text is what that holder wrote.
        case held(by: String)
        /// What stands at the place of the file is none of this user's files.
        case unusable(BytePath, String)
        case system(SystemError)
    }

    /// Takes the lock on `name` below `directory`, making the file if needed.
    ///
    /// - Parameters:
    ///   - holder: one line about this process, shown to others.
    ///   - wait: sleep until the lock is free instead of throwing ``Failure/held(by:)``.
    package init(
        on name: BytePath, below directory: borrowing Descriptor, holder: String, wait: Bool
    ) throws(Failure) {
        let file = try Self.open(name, below: directory)
        let result = retryingInterrupts { flock(file.raw, LOCK_EX | (wait ? 0 : LOCK_NB)) }
        if result != 0 {
            let error = SystemError.last("flock", name)
            guard error.number == .wouldBlock else { throw .system(error) }
            throw .held(by: Self.holderText(of: file))
        }
        // The text is information only, so a full disk does not keep anyone from the lock.
        try? file.truncate(to: 0)
        let line = Array("\(holder)\n".utf8)
        try? line.span.bytes.withUnsafeBytes { (buffer) throws(SystemError) -> Void in
            try file.write(buffer, at: 0)
        }
        self.file = file
    }

    deinit {
        // Closing alone would leave the lock to a child that was forked a moment ago and has not executed yet.
        _ = flock(file.raw, LOCK_UN)
    }

    /// Does nothing but use the lock, which therefore lives at least until this call.
    package borrowing func hold() {}

    private static func open(
        _ name: BytePath, below directory: borrowing Descriptor
    ) throws(Failure) -> Descriptor {
        let file = try openAnything(name, below: directory)
        let status: FileStatus
        do throws(SystemError) { status = try file.status() } catch { throw .system(error) }
        guard status.kind == .regular else { throw .unusable(name, status.kind.name) }
        guard status.uid == CurrentProcess.effectiveUser else { throw .unusable(name, "a file of user \(status.uid)") }
        // One that an older version made is open to readers. Who cannot change that has a lock all the same.
        if status.permissions != 0o600 { try? file.setMode(0o600) }
        return file
    }

    private static func openAnything(
        _ name: BytePath, below directory: borrowing Descriptor
    ) throws(Failure) -> Descriptor {
        do throws(SystemError) {
            // Does not wait for anybody, should a pipe be there.
            return try directory.open(name, [.readWrite, .create, .noFollow, .nonBlocking], mode: 0o600)
        } catch {
            if let status = try? directory.status(of: name), status.kind != .regular {
                throw .unusable(name, status.kind.name)
            }
            throw .system(error)
        }
    }

    private static func holderText(of file: borrowing Descriptor) -> String {
        guard let text = try? file.readAll(limit: 4096), !text.isEmpty else { return "another process" }
        return String(decoding: text.prefix { $0 != 10 }, as: UTF8.self)
    }
}
