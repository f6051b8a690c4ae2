package import BytePath
import Glibc

/// An exclusive kernel lock on a file (`flock`): it ends with its holder, however that ends.
///
/// The file's text says who holds it, for the message to the one who waits.
package struct FileLock: ~Copyable, Sendable {
    private let file: Descriptor

    /// Why a lock was not had.
    package enum Failure: Error, Sendable {
        /// Somebody else holds it; the text is what that holder wrote.
        case held(by: String)
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
        do throws(SystemError) {
            return try directory.open(name, [.readWrite, .create, .noFollow], mode: 0o644)
        } catch {
            throw .system(error)
        }
    }

    private static func holderText(of file: borrowing Descriptor) -> String {
        guard let text = try? file.readAll(limit: 4096), !text.isEmpty else { return "another process" }
        return String(decoding: text.prefix { $0 != 10 }, as: UTF8.self)
    }
}
