internal import LinuxSystem
internal import ObjectStore
internal import Storage

/// Keeps new anonymous leases waiting while files are removed, if none is held already.
struct AnonymousGate: ~Copyable {
    /// Holds the gate where that is wanted and possible.
    private let descriptor: Descriptor?
    /// Whether nobody holds an anonymous lease, nor gets one before this value's end; of a gate that was only looked at,
    /// whether nobody held one.
    let isClosed: Bool
    /// The processes that hold anonymous leases, where the kernel shows them.
    let holders: [Int32]

    /// - Parameter moss: the root's `.moss`.
    init(_ moss: borrowing Descriptor) throws(StoreError) {
        let descriptor = try Self.open(moss)
        isClosed = try Self.close(descriptor)
        // The lock that says so is this process's own.
        holders = isClosed ? [] : descriptor.lockHolders().filter { $0 != CurrentProcess.identifier }
        self.descriptor = isClosed ? consume descriptor : nil
    }

    private static func close(_ gate: borrowing Descriptor) throws(StoreError) -> Bool {
        // Whoever only looks is gone in a moment.
        for _ in 0..<500 {
            if try lock(gate, .exclusive) { return true }
            if try lock(gate, .shared) { return false }
            pause(milliseconds: 1)
        }
        return false
    }

    /// Looks without holding anything, so that nobody who collects meanwhile takes this for a lease.
    init(lookingAt moss: borrowing Descriptor) throws(StoreError) {
        descriptor = nil
        let gate = try Self.open(moss)
        if try Self.lock(gate, .exclusive) {
            (isClosed, holders) = (true, [])
            return
        }
        // Where not even this is had, somebody collects or looks, and anonymous leases are not had beside that.
        isClosed = try !Self.lock(gate, .shared)
        holders = isClosed ? [] : gate.lockHolders().filter { $0 != CurrentProcess.identifier }
    }

    private static func open(_ moss: borrowing Descriptor) throws(StoreError) -> Descriptor {
        do throws(SystemError) {
            return try moss.openDirectory(RootLayout.objects)
        } catch {
            throw .system(error)
        }
    }

    private static func lock(
        _ gate: borrowing Descriptor, _ kind: Descriptor.LockKind
    ) throws(StoreError) -> Bool {
        do throws(SystemError) {
            return try gate.lock(kind)
        } catch {
            throw .system(error.on(RootLayout.objects))
        }
    }

    /// Does nothing but use the gate, which therefore lives at least until this call.
    borrowing func hold() {}
}
