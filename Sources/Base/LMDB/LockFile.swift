internal import BytePath
import Glibc
internal import LinuxSystem

/// How writers and readers of all processes know of each other: kernel locks on bytes of `lock.mdb`, whose content is
/// nobody's business.
///
/// LMDB would keep a table of readers in that file, mapped and written by everybody. A page of a mapped file that finds
/// no block when it is written ends the process with SIGBUS: on a full disk where the file has holes, and always where
/// blocks are not written in place (btrfs, files that share blocks), with a quota used up, or on a broken disk. Locks
/// need no space, work on files that are open for reading only, end with their holder, and nothing in the file has to
/// be believed.
///
/// A writer has one byte to itself. A reader shares the byte with the number of the commit it reads; a writer that knew
/// of none would spare what the last commit and the one before it need, so it waits until all readers of older ones
/// have ended. Nobody stops others by stopping: after a while it writes all the same, and says so by making the
/// file a byte longer. Readers then see that what they read may have been overwritten, and read again.
final class LockFile: Sendable {
    /// How often writers had not waited when the reader began.
    struct Registration {
        fileprivate let overtakings: UInt64
    }

    private struct State {
        /// Readers in this process, by commit.
        var readers: [Int: Int] = [:]
        var overtakings: UInt64
        /// Readers of this commit and of older ones need not be waited for any more.
        var overtaken = -1
    }

    private static let name: BytePath = "lock.mdb"
    // LMDB's own locks, which older versions took, begin at 0.
    private static let writing: Range<Int64> = 1 << 30..<1 << 30 + 1
    private static let firstCommit: Int64 = 1 << 32
    private let directory: BytePath
    private let file: Descriptor
    private let patienceNanoseconds: UInt64
    private let state: Guarded<State>

    /// Opens the file for writing, and makes it where it is missing.
    init(in directory: BytePath, patienceMilliseconds: UInt32) throws(DatabaseError) {
        do throws(SystemError) {
            file = try Descriptor.open(
                directory.appending(Self.name), [.readWrite, .create, .noFollow, .nonBlocking], mode: 0o600)
            let status = try file.status()
            guard status.kind == .regular else { throw SystemError(.loop, call: "open") }
            state = Guarded(State(overtakings: status.size))
        } catch {
            guard error.number != .loop else {
                throw DatabaseError(.other, directory: directory, detail: "lock.mdb is not a file; remove it")
            }
            throw DatabaseError(result: error.number.rawValue, directory: directory, doing: "opening lock.mdb")
        }
        self.directory = directory
        patienceNanoseconds = UInt64(patienceMilliseconds) * 1_000_000
    }

    /// Opens the file for reading; nil where that is not possible.
    init?(readingIn directory: BytePath) {
        guard
            let file = try? Descriptor.open(directory.appending(Self.name), [.read, .noFollow, .nonBlocking]),
            let status = try? file.status(), status.kind == .regular
        else { return nil }
        self.file = file
        self.directory = directory
        patienceNanoseconds = 0
        state = Guarded(State(overtakings: status.size))
    }

    // MARK: Readers

    /// Tells writers that a commit is being read. It may have been replaced before they knew: look after that.
    /// - Returns: nil where they cannot be told.
    func register(_ commit: Int) -> Registration? {
        state.withLock { state in
            if state.readers[commit] == nil {
                guard (try? file.lock(.shared, bytes: Self.bytes(commit..<commit + 1))) == true else { return nil }
            }
            state.readers[commit, default: 0] += 1
            return Registration(overtakings: state.overtakings)
        }
    }

    func release(_ commit: Int) {
        state.withLock { state in
            guard let count = state.readers[commit] else { return }
            state.readers[commit] = count == 1 ? nil : count - 1
            if count == 1 { file.unlock(bytes: Self.bytes(commit..<commit + 1)) }
        }
    }

    /// Whether a writer has not waited for readers since then.
    func wasOvertaken(since registration: Registration) -> Bool {
        state.withLock { state in
            guard let size = try? file.status().size else { return true }
            state.overtakings = size
            return size != registration.overtakings
        }
    }

    private static func bytes(_ commits: Range<Int>) -> Range<Int64> {
        firstCommit + Int64(commits.lowerBound)..<firstCommit + Int64(commits.upperBound)
    }

    // MARK: Writers

    /// Waits for other writers, and for readers whose pages the next commit may take.
    func beginWriting(_ lastCommit: () -> Int) throws(DatabaseError) {
        do throws(SystemError) {
            _ = try file.lock(.exclusive, bytes: Self.writing, waiting: true)
            do throws(SystemError) {
                try waitForReaders(before: lastCommit() - 1)
            } catch {
                endWriting()
                throw error
            }
        } catch {
            if error.number == .wouldBlock { throw DatabaseError(.busy, directory: directory) }
            throw DatabaseError(result: error.number.rawValue, directory: directory, doing: "locking lock.mdb")
        }
    }

    func endWriting() {
        file.unlock(bytes: Self.writing)
    }

    private func waitForReaders(before commit: Int) throws(SystemError) {
        let first = state.withLock { $0.overtaken + 1 }
        guard first < commit else { return }
        let start = monotonicNanoseconds()
        while try isRead(first..<commit) {
            guard monotonicNanoseconds() - start < patienceNanoseconds else { return try overtake(commit - 1) }
            pause(milliseconds: 1)
        }
    }

    private func isRead(_ commits: Range<Int>) throws(SystemError) -> Bool {
        if state.withLock({ $0.readers.keys.contains(where: commits.contains) }) { return true }
        return try file.isLocked(bytes: Self.bytes(commits))
    }

    /// Goes on although commits up to this one are still read; where that cannot be told, this is not done.
    private func overtake(_ commit: Int) throws(SystemError) {
        let size = try file.status().size + 1
        do throws(SystemError) { try file.truncate(to: size) } catch {
            throw SystemError(.wouldBlock, call: error.call)
        }
        state.withLock { state in
            state.overtakings = size
            state.overtaken = commit
        }
    }
}
