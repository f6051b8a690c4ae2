package import BytePath
internal import CLinux
import Glibc

/// Reading, writing and syncing an open file.
extension Descriptor {
    /// Reads at most `buffer.count` bytes from the file's position; 0 at the end.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        let count = retryingInterrupts { Glibc.read(raw, buffer.baseAddress, buffer.count) }
        guard count >= 0 else { throw .last("read") }
        return count
    }

    /// Reads at most `buffer.count` bytes at `offset`, without moving the position; 0 at the end.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(SystemError) -> Int {
        let count = retryingInterrupts { pread(raw, buffer.baseAddress, buffer.count, off_t(clamping: offset)) }
        guard count >= 0 else { throw .last("pread") }
        return count
    }

    /// Everything from the start of the file; more than `limit` bytes is an error (EFBIG), and found without reading them
    /// where the file says how long it is.
    package func readAll(limit: Int = 1 << 30) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        let expected = try Int(clamping: status().size)
        guard expected <= limit else { throw SystemError(ErrorNumber(rawValue: EFBIG), call: "read") }
        bytes.reserveCapacity(expected + 1)
        try withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 8) { (buffer) throws(SystemError) -> Void in
            while true {
                let count = try read(into: buffer, at: UInt64(bytes.count))
                if count == 0 { return }
                bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                guard bytes.count <= limit else { throw SystemError(ErrorNumber(rawValue: EFBIG), call: "read") }
            }
        }
        return bytes
    }

    /// The `count` bytes at `offset`, fewer where the file has no more.
    package func read(_ count: Int, at offset: UInt64 = 0) throws(SystemError) -> [UInt8] {
        try Array(unsafeUninitializedCapacity: count) { (buffer, done) throws(SystemError) in
            let buffer = UnsafeMutableRawBufferPointer(buffer)
            while done < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                let read = try read(into: rest, at: offset + UInt64(done))
                if read == 0 { return }
                done += read
            }
        }
    }

    /// Whether this file and another one hold the same bytes.
    package func holdsSame(as other: borrowing Descriptor) throws(SystemError) -> Bool {
        guard try status().size == other.status().size else { return false }
        let half = 64 << 10
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * half, alignment: 8)
        defer { buffer.deallocate() }
        let left = UnsafeMutableRawBufferPointer(rebasing: buffer[..<half])
        let right = UnsafeMutableRawBufferPointer(rebasing: buffer[half...])
        var offset: UInt64 = 0
        while true {
            let count = try read(into: left, at: offset)
            guard try other.read(into: right, at: offset) == count else { return false }
            if count == 0 { return true }
            guard left[..<count].elementsEqual(right[..<count]) else { return false }
            offset += UInt64(count)
        }
    }

    /// Everything up to the end of a pipe; more than `limit` bytes is an error (EFBIG).
    package func readToEnd(limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        try withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { (buffer) throws(SystemError) -> Void in
            while true {
                let count = try read(into: buffer)
                if count == 0 { return }
                bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                guard bytes.count <= limit else { throw SystemError(.tooLarge, call: "read") }
            }
        }
        return bytes
    }

    /// Writes all of `bytes` at the file's position.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = retryingInterrupts { Glibc.write(raw, rest.baseAddress, rest.count) }
            guard count >= 0 else { throw .last("write") }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    package func write(_ bytes: [UInt8]) throws(SystemError) {
        try bytes.span.bytes.withUnsafeBytes { (buffer) throws(SystemError) -> Void in
            try write(buffer)
        }
    }

    /// Writes all of `bytes` at `offset`, without moving the position.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(SystemError) {
        var rest = bytes
        var offset = offset
        while !rest.isEmpty {
            let count = retryingInterrupts { pwrite(raw, rest.baseAddress, rest.count, off_t(clamping: offset)) }
            guard count >= 0 else { throw .last("pwrite") }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            offset += UInt64(count)
        }
    }

    package func setMode(_ mode: UInt32) throws(SystemError) {
        guard fchmod(raw, mode) == 0 else { throw .last("fchmod") }
    }

    package func setOwner(uid: UInt32, gid: UInt32) throws(SystemError) {
        guard fchown(raw, uid, gid) == 0 else { throw .last("fchown") }
    }

    package func setModificationTime(_ seconds: Int64) throws(SystemError) {
        guard moss_set_descriptor_time(raw, seconds) == 0 else { throw .last("futimens") }
    }

    package func truncate(to size: UInt64) throws(SystemError) {
        guard ftruncate(raw, off_t(clamping: size)) == 0 else { throw .last("ftruncate") }
    }

    /// Gives the file `size` bytes on disk, as zeros, without writing them.
    package func allocate(_ size: UInt64) throws(SystemError) {
        guard moss_fallocate(raw, Int64(clamping: size)) == 0 else { throw .last("fallocate") }
    }

    /// Asks for the written pages to go to disk without waiting for them.
    package func startWriteBack() {
        _ = moss_sync_file_range(raw, 0, 0)  // advice only: a later syncFileSystem reports what goes wrong
    }

    /// Waits until the file's bytes and metadata are on disk (`fsync`).
    package func sync() throws(SystemError) {
        guard retryingInterrupts({ fsync(raw) }) == 0 else { throw .last("fsync") }
    }

    /// Waits until the names in this directory are on disk (`fsync` of a directory).
    package func syncDirectory() throws(SystemError) {
        try sync()
    }

    /// Waits until everything written to this file's file system so far is on disk (`syncfs`).
    package func syncFileSystem() throws(SystemError) {
        guard moss_syncfs(raw) == 0 else { throw .last("syncfs") }
    }
}

extension Descriptor {
    /// Everything in the file `name` below this directory. Anything but a regular file is an error; a link too, unless
    /// `followingLinks`, and then it has to lie in a directory of this user's or root's.
    package func readFile(
        _ name: BytePath, limit: Int = 1 << 30, followingLinks: Bool = false
    ) throws(SystemError) -> [UInt8] {
        do throws(SystemError) {
            let file = try followingLinks ? openTrusting(name) : openFile(name)
            guard try file.status().kind == .regular else { throw SystemError(.notAFile, call: "open", path: name) }
            return try file.readAll(limit: limit)
        } catch {
            throw error.path.isEmpty ? SystemError(error.number, call: error.call, path: name) : error
        }
    }

    /// Opens the regular file `path` below this directory, see ``SystemCalls/openFile(_:_:)``.
    package func openFile(_ path: BytePath) throws(SystemError) -> Descriptor {
        try path.withCString { (path) throws(SystemError) in try SystemCalls.openFile(raw, path) }
    }

    /// Opens the file or directory at `path` below this directory; anything else is an error, and not opened. Links are
    /// followed where this user or root put them: in another user's directory they could lead anywhere by the next moment.
    package func openTrusting(_ path: BytePath) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            return try openTrusted(path)
        } catch {
            throw SystemError(error.number, call: error.call, path: path)
        }
    }

    private func openTrusted(_ path: BytePath) throws(SystemError) -> Descriptor {
        var place = try duplicate()
        let components = path.components.map { BytePath(bytes: Array($0)) }
        for component in components.dropLast() {
            place = try place.open(component, try place.isTrusted ? .directory : [.directory, .noFollow])
        }
        let name = components.last ?? "."
        let isTrusted = try place.isTrusted
        switch try place.status(of: name, followingLinks: isTrusted).kind {
        case .regular, .directory: return try place.open(name, isTrusted ? .nonBlocking : [.nonBlocking, .noFollow])
        case .symlink: throw SystemError(.loop, call: "open", path: name)
        default: throw SystemError(.notAFile, call: "open", path: name)
        }
    }

    /// Whether it belongs to this user or to root.
    package var isTrusted: Bool {
        get throws(SystemError) {
            let owner = try status().uid
            return owner == CurrentProcess.effectiveUser || owner == 0
        }
    }

    /// The file's bytes, or nil where there is no such name.
    package func readFileIfPresent(
        _ name: BytePath, limit: Int = 1 << 30, followingLinks: Bool = false
    ) throws(SystemError) -> [UInt8]? {
        do throws(SystemError) {
            return try readFile(name, limit: limit, followingLinks: followingLinks)
        } catch {
            if error.number == .noSuchFile { return nil }
            throw error
        }
    }

    /// Makes `name` hold `bytes`: written beside it and renamed over it, so readers see the old or the new file whole.
    ///
    /// - Parameter durable: wait for the bytes and the name to be on disk; without it a later
    ///   ``syncFileSystem()`` has to.
    package func replaceFile(
        _ name: BytePath, with bytes: [UInt8], mode: UInt32 = 0o644, durable: Bool = false
    ) throws(SystemError) {
        let temporary = BytePath(bytes: name.bytes + Self.temporarySuffix)
        do throws(SystemError) {
            let file = try makeFile(temporary, [.write, .truncate], mode: mode)
            try file.write(bytes)
            if durable { try file.sync() }
            try rename(temporary, to: name)
            if durable { try sync() }
        } catch {
            try? unlink(temporary)
            throw error.path.isEmpty ? SystemError(error.number, call: error.call, path: name) : error
        }
    }

    private static let temporarySuffix = Array(".next".utf8)

    /// Removes what ``replaceFile(_:with:mode:durable:)`` left in this directory where it was stopped half way.
    package func removeTemporaryFiles() throws(SystemError) {
        for name in try temporaryFiles() { try unlink(name) }
    }

    /// The names of what ``replaceFile(_:with:mode:durable:)`` left in this directory where it was stopped half way.
    package func temporaryFiles() throws(SystemError) -> [BytePath] {
        try entries().map(\.name).filter { $0.bytes.reversed().starts(with: Self.temporarySuffix.reversed()) }
    }
}
