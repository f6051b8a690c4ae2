import Glibc
import Synchronization

/// Whether this process has cleared its mode mask. Nobody can ask the kernel without changing it.
private let isMaskClear = Atomic<Bool>(false)

extension CurrentProcess {
    /// Files are made with exactly the modes asked for.
    package static func clearFileModeMask() {
        umask(0)
        isMaskClear.store(true, ordering: .releasing)
    }

    /// New files get `mask`'s bits cleared.
    package static func setFileModeMask(_ mask: UInt32) {
        isMaskClear.store(mask == 0, ordering: .releasing)
        umask(mask)
    }

    /// Whether what is made has its mode by that alone; else it has to be given it, which is one call more.
    static var makesExactModes: Bool { isMaskClear.load(ordering: .acquiring) }
}
