internal import CLinux
import Glibc

/// A part of a file, or of nothing, in this process's memory; unmapped with its owner.
package struct MemoryMapping: ~Copyable, @unchecked Sendable {
    // Whoever shares the mapping between threads sees to it that nobody writes meanwhile.
    package let bytes: UnsafeMutableRawBufferPointer

    deinit {
        _ = munmap(bytes.baseAddress, bytes.count)
    }

    /// Gives up ownership: the memory stays mapped as long as the process lives.
    package consuming func keep() -> UnsafeMutableRawBufferPointer {
        let bytes = bytes
        discard self
        return bytes
    }

    /// Zeroed memory that takes room only where it is written.
    package static func anonymous(byteCount: Int) throws(SystemError) -> MemoryMapping {
        try map(-1, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | moss_MAP_ANONYMOUS | moss_MAP_NORESERVE)
    }

    fileprivate static func map(
        _ file: Int32, _ byteCount: Int, _ protection: Int32, _ flags: Int32
    ) throws(SystemError) -> MemoryMapping {
        let address = mmap(nil, byteCount, protection, flags, file, 0)
        guard let address, address != MAP_FAILED else { throw .last("mmap") }
        return MemoryMapping(bytes: UnsafeMutableRawBufferPointer(start: address, count: byteCount))
    }

    private init(bytes: UnsafeMutableRawBufferPointer) {
        self.bytes = bytes
    }
}

extension Descriptor {
    /// A file without a name that lives in memory (`memfd_create`), to be handed to another process.
    package static func memoryFile(named name: String) throws(SystemError) -> Descriptor {
        let raw = moss_memfd_create(name)
        guard raw >= 0 else { throw .last("memfd_create") }
        return Descriptor(taking: raw)
    }

    /// Forbids every further change of a memory file; mappings that could write must be gone.
    package func sealMemoryFile() throws(SystemError) {
        guard moss_seal(raw) == 0 else { throw .last("fcntl") }
    }

    /// The first `byteCount` bytes of the file, shared with everybody who maps it.
    package func map(byteCount: Int, writable: Bool = false) throws(SystemError) -> MemoryMapping {
        try MemoryMapping.map(raw, byteCount, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED)
    }
}
