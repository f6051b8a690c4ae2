internal import BytePath
internal import CLinux
import Glibc

/// Kernel locks on open files, shared or not: on whole files (`flock`), and on bytes of them.
extension Descriptor {
    package enum LockKind: Sendable {
        case shared, exclusive
    }

    /// Takes a lock that belongs to the open file: all its descriptors share it, in whatever process, and it ends when
    /// the last of them is closed. Works on directories, and on files that are open for reading only.
    ///
    /// - Parameter waiting: sleep until the lock is free.
    /// - Returns: false when others hold it and this does not wait.
    package func lock(_ kind: LockKind, waiting: Bool = false) throws(SystemError) -> Bool {
        let operation = (kind == .shared ? LOCK_SH : LOCK_EX) | (waiting ? 0 : LOCK_NB)
        if retryingInterrupts({ flock(raw, operation) }) == 0 { return true }
        let error = SystemError.last("flock")
        guard error.number == .wouldBlock else { throw error }
        return false
    }

    /// Takes a lock on bytes of the file, whether it has that many or not, which belongs to the open file. A shared one
    /// works on a file that is open for reading, an exclusive one on a file that is open for writing; neither takes
    /// space on the disk.
    ///
    /// - Parameter waiting: sleep until the lock is free.
    /// - Returns: false when others hold it and this does not wait.
    package func lock(_ kind: LockKind, bytes: Range<Int64>, waiting: Bool = false) throws(SystemError) -> Bool {
        let result = retryingInterrupts {
            moss_lock_bytes(raw, kind == .exclusive ? 1 : 0, bytes.lowerBound, Int64(bytes.count), waiting ? 1 : 0)
        }
        if result == 0 { return true }
        let error = SystemError.last("fcntl")
        guard [.wouldBlock, .accessDenied].contains(error.number) else { throw error }
        return false
    }

    package func unlock(bytes: Range<Int64>) {
        _ = moss_unlock_bytes(raw, bytes.lowerBound, Int64(bytes.count))
    }

    /// Whether another open file has a lock on any of these bytes, of the kinds that ``lock(_:bytes:waiting:)`` takes.
    package func isLocked(bytes: Range<Int64>) throws(SystemError) -> Bool {
        let result = moss_are_bytes_locked(raw, bytes.lowerBound, Int64(bytes.count))
        guard result >= 0 else { throw .last("fcntl") }
        return result == 1
    }

    /// The processes that took locks on this file, as far as the kernel shows them; of another process namespace it
    /// shows none.
    package func lockHolders() -> [Int32] {
        guard let status = try? status(), let proc = try? Descriptor.openDirectory("/proc"),
            let text = try? proc.readFile("locks", limit: 16 << 20)
        else { return [] }
        var holders: Set<Int32> = []
        for line in text.split(separator: 10) {
            // 1: FLOCK  ADVISORY  READ  1234 08:01:131 0 EOF
            let fields = line.split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
            guard fields.count > 5, fields[1] == "FLOCK", let process = Int32(fields[4]), process > 0 else { continue }
            let place = fields[5].split(separator: ":")
            guard place.count == 3, UInt64(place[2]) == status.inode, let major = UInt64(place[0], radix: 16),
                let minor = UInt64(place[1], radix: 16), FileStatus.device(major, minor) == status.device
            else { continue }
            holders.insert(process)
        }
        return holders.sorted()
    }
}
