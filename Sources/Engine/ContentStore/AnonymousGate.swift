internal import LinuxSystem

/// Keeps new anonymous leases waiting while files are removed, if none is held already.
struct AnonymousGate: ~Copyable {
    private let descriptor: Descriptor
    /// Whether nobody holds an anonymous lease, nor gets one before this value's end.
    let isClosed: Bool

    /// - Parameter moss: the root's `.moss`.
    init(_ moss: borrowing Descriptor) throws(StoreError) {
        do throws(SystemError) {
            let descriptor = try moss.openDirectory(Lease.objectsName)
            isClosed = try descriptor.lock(.exclusive)
            self.descriptor = descriptor
        } catch {
            throw .system(error)
        }
    }

    /// The processes that hold anonymous leases, where the kernel shows them.
    var holders: [Int32] { descriptor.lockHolders() }

    /// Does nothing but use the gate, which therefore lives at least until this call.
    borrowing func hold() {}
}
