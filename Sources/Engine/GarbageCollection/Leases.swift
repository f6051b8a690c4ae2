internal import BytePath
internal import Digests
internal import Failures
internal import LinuxSystem
package import ObjectStore
internal import PackageCatalog
package import PackageModel
package import Storage

/// What live views show and must not be collected.
package struct Leases: Sendable {
    private let objects: ObjectStore
    private let database: Database

    package init(_ objects: ObjectStore, _ database: Database) {
        self.objects = objects
        self.database = database
    }

    /// Pins packages and objects until the lease ends. Not inside a view of the database: this looks at it afresh.
    ///
    /// Where this user may not write, should leave nothing, or there is no room, the lease is an anonymous one, which
    /// pins everything.
    ///
    /// - Parameters:
    ///   - packages: recorded ones, with all their objects.
    ///   - objects: further ones that are in the store, such as files the tools made themselves.
    /// - Throws: ``StoreError/collectedMeanwhile`` when some of it was removed before it could be pinned: look at the
    ///   states again and try once more.
    package func take(
        _ description: LeaseDescription, packages: [PackageID], objects: [ObjectID] = []
    ) throws(StoreError) -> Lease {
        let lease = try newLease(description, LeaseText.pins(packages, objects))
        do throws(StoreError) {
            try checkPinned(packages, objects)
            return lease
        } catch {
            lease.release()
            throw error
        }
    }

    private func newLease(_ description: LeaseDescription, _ pins: [UInt8]) throws(StoreError) -> Lease {
        if database.options.withoutLock {
            return try StoreError.catching { () throws(SystemError) in try Lease.takeAnonymous(below: objects.directory)
            }
        }
        do throws(SystemError) {
            return try Lease.take(description, pins, below: objects.directory)
        } catch {
            guard
                error.marks.contains(.diskFull)
                    || [.accessDenied, .notPermitted, .readOnlyFileSystem].contains(error.number)
            else {
                throw .system(error)
            }
        }
        return try StoreError.catching { () throws(SystemError) in try Lease.takeAnonymous(below: objects.directory) }
    }

    /// Pins more, for a view that shows more than when it was made; see
    /// ``take(_:packages:objects:)``. After an error the lease pins at least what it did.
    package func extend(
        _ lease: borrowing Lease, packages: [PackageID], objects: [ObjectID] = []
    ) throws(StoreError) {
        do throws(SystemError) {
            try lease.append(LeaseText.pins(packages, objects))
        } catch {
            throw .system(error)
        }
        try checkPinned(packages, objects)
    }

    /// The other half of the agreement with ``sweep(anyway:progress:)``: a collection commits what it is going to remove, then reads the
    /// leases, then removes. A lease that is there before this look at the database is either seen by that or sees it.
    private func checkPinned(_ packages: [PackageID], _ objects: [ObjectID]) throws(StoreError) {
        let isSafe = try StoreError.catching { () throws(DatabaseError) in
            try database.view { (transaction) throws(DatabaseError) -> Bool in
                for package in packages {
                    guard try transaction.contains(package, in: PackageBuckets.packages) else { return false }
                }
                for object in objects {
                    guard try transaction.contains(object, in: ObjectBuckets.pendingObjects) else { continue }
                    guard try transaction.contains(object, in: ObjectBuckets.objects) else { return false }
                }
                return true
            }
        }
        guard isSafe else { throw .collectedMeanwhile }
        // What is not going now cannot go before the lease is seen.
        for object in objects where try !isPresent(object) { throw .collectedMeanwhile }
    }

    /// Whether some variant of the object is in the store.
    private func isPresent(_ digest: ObjectID) throws(StoreError) -> Bool {
        do throws(StoreError) {
            _ = try objects.openObject(digest)
            return true
        } catch {
            guard case .missingObject = error else { throw error }
            return digest == .ofNothing
        }
    }

    /// Every lease with a name, and whether somebody still holds it.
    package func all() throws(StoreError) -> [LeaseInformation] {
        try readLeases(removingStale: false)
    }

    /// Removes the leases that nobody holds any more.
    /// - Returns: those removed; what they had mounted may still be there and can be unmounted lazily.
    @discardableResult
    package func reap() throws(StoreError) -> [LeaseInformation] {
        try readLeases(removingStale: true).filter { !$0.isHeld }
    }

    private func readLeases(removingStale: Bool) throws(StoreError) -> [LeaseInformation] {
        var leases: [LeaseInformation] = []
        do throws(SystemError) {
            guard try objects.directory.statusIfPresent(of: RootLayout.leases) != nil else { return [] }
            let directory = try objects.directory.openDirectory(RootLayout.leases)
            for entry in try directory.entries() {
                let isFresh = entry.name.bytes.starts(with: Lease.temporaryPrefix.utf8)
                // One that is released meanwhile is none.
                if isFresh && !removingStale { continue }
                guard let kind = try directory.statusIfPresent(of: entry.name)?.kind else { continue }
                // Whatever else is there holds nothing, and may keep whoever opens it waiting.
                guard kind == .regular else {
                    leases.append(LeaseInformation(entry.name, isHeld: false, []))
                    continue
                }
                guard let file = try Self.openIfPresent(entry.name, directory) else { continue }
                // Its maker waits for this lock and starts over where the file is gone then.
                let isHeld = try !file.lock(removingStale ? .exclusive : .shared)
                if try file.status().linkCount == 0 { continue }
                if !isFresh {
                    leases.append(LeaseInformation(entry.name, isHeld: isHeld, try file.readAll(limit: 64 << 20)))
                }
                if removingStale && !isHeld { try? directory.unlink(entry.name) }
            }
        } catch {
            throw .system(error.below("leases"))
        }
        return leases
    }

    /// The processes with anonymous leases, where the kernel shows them; nil where there is no such lease.
    package var anonymousHolders: [Int32]? {
        guard let gate = try? AnonymousGate(lookingAt: objects.directory), !gate.isClosed else { return nil }
        return gate.holders
    }

    /// What live views pin by name.
    struct Pins {
        var packages: Set<PackageID> = []
        var objects: Set<ObjectID> = []
        var leases: [LeaseInformation] = []

        /// What either keeps.
        func union(_ other: Pins) -> Pins {
            Pins(
                packages: packages.union(other.packages), objects: objects.union(other.objects),
                leases: leases + other.leases)
        }
    }

    func pins() throws(StoreError) -> Pins {
        var pins = Pins()
        for lease in try all() where lease.isHeld {
            guard lease.isReadable else { throw .unreadableLease(BytePath(".moss/leases").appending(lease.name)) }
            pins.packages.formUnion(lease.packages)
            pins.objects.formUnion(lease.objects)
            pins.leases.append(lease)
        }
        return pins
    }

    private static func openIfPresent(
        _ name: BytePath, _ directory: borrowing Descriptor
    ) throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            return try directory.open(name, [.noFollow, .nonBlocking])
        } catch {
            // Others' leases are for their root's owner to see.
            if error.number == .noSuchFile || error.number == .accessDenied { return nil }
            throw error
        }
    }
}

extension LeaseInformation {
    fileprivate init(_ name: BytePath, isHeld: Bool, _ bytes: [UInt8]) {
        let text = LeaseText(bytes)
        self.init(
            name: name, isHeld: isHeld, isReadable: text != nil,
            description: text?.description ?? LeaseDescription(process: 0, mountpoint: "", shows: ""),
            packages: text?.packages ?? [], objects: text?.objects ?? [])
    }
}
