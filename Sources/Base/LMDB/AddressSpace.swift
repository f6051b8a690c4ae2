import Glibc

/// Asks for room before LMDB maps a file: a map that cannot be moved is lost.
enum AddressSpace {
    static let smallestMap = 64 << 10

    /// `size` rounded up to whole pages.
    static func rounded(_ size: Int) -> Int {
        let page = sysconf(Int32(_SC_PAGESIZE))
        let (sum, overflow) = size.addingReportingOverflow(page - 1)
        return (overflow ? size : sum) / page * page
    }

    static func isAvailable(_ size: Int) -> Bool {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        guard let place = mmap(nil, size, PROT_NONE, flags, -1, 0), place != MAP_FAILED else { return false }
        munmap(place, size)
        return true
    }

    /// The largest of `size`, its half, its quarter and so on for which there is room.
    static func available(upTo size: Int) -> Int {
        var size = size
        while size > smallestMap * 2, !isAvailable(size) { size = rounded(size / 2) }
        return size
    }
}
