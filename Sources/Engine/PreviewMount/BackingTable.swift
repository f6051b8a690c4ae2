internal import CFuse
internal import LinuxSystem

/// Which files the kernel reads by itself: backing ids by node, shared by all who have the node open.
///
/// All simultaneous opens of a node must be of one kind and name the same id. Ids outlive their last close, so that
/// opening a file again takes no system call; the ones unused for longest are given back.
final class BackingTable: Sendable {
    fileprivate struct Backing {
        /// 0 for none.
        var id: Int32 = 0
        /// The file behind the id, by its number.
        var inode: UInt64 = 0
        /// Opens in passthrough, and opens served from the cache; never both.
        var opens: UInt32 = 0
        var cachedOpens: UInt32 = 0
    }

    fileprivate struct Table {
        var backings: [UInt64: Backing] = [:]
        /// Nodes with an id, in the order they got it; a second chance is given to those in use.
        var order: [UInt64] = []
        var hand = 0
        var registered: UInt64 = 0
        var returned: UInt64 = 0
    }

    private struct Session: @unchecked Sendable {
        // libfuse's calls on a session may come from any thread.
        let pointer: OpaquePointer
    }

    /// Each keeps an open file in the kernel, which counts against the system's limit only.
    static let limit = 8192

    private let table = Guarded(Table())
    private let session = Guarded<Session?>(nil)

    func attach(_ fuse: OpaquePointer) {
        let own = Session(pointer: fuse)
        session.withLock { $0 = own }
    }

    private var fuse: OpaquePointer? { session.withLock { $0 }?.pointer }

    var statistics: [String] {
        let (registered, returned) = table.withLock { ($0.registered, $0.returned) }
        return registered == 0 ? [] : ["backings=\(registered)", "returned=\(returned)"]
    }

    /// Whether the kernel takes `file` as a backing file.
    func accepts(_ file: borrowing Descriptor) -> Bool {
        guard let fuse else { return false }
        let id = moss_fuse_open_backing(fuse, file.raw)
        guard id > 0 else { return false }
        _ = moss_fuse_close_backing(fuse, id)
        return true
    }

    /// Whether no file is open in passthrough.
    var isUnused: Bool { table.withLock { table in table.backings.allSatisfy { $0.value.opens == 0 } } }

    /// Opens a node once more where that takes no new id; nil where it does.
    ///
    /// - Parameter inode: of the file that has the object's name now, which a repair may have put in the other's place;
    ///   nil where that cannot be told.
    func reopen(_ key: UInt64, _ inode: UInt64?) -> Contents.Opening? {
        let (opening, unneeded) = table.withLock { table in table.reopen(key, inode) }
        giveBack(unneeded)
        return opening
    }

    private func giveBack(_ ids: [Int32]) {
        guard let fuse else { return }
        for id in ids { _ = moss_fuse_close_backing(fuse, id) }
    }

    /// Opens a node with `file` behind it.
    func open(_ key: UInt64, _ file: borrowing Descriptor, _ inode: UInt64) -> Contents.Opening {
        guard let fuse else { return .failed(.notSupported) }
        let id = moss_fuse_open_backing(fuse, file.raw)
        guard id > 0 else { return .failed(ErrorNumber(rawValue: -id)) }
        let (opening, unneeded) = table.withLock { table -> (Contents.Opening, [Int32]) in
            // Somebody else was faster.
            let (opening, unneeded) = table.reopen(key, inode)
            if let opening { return (opening, unneeded + [id]) }
            var backing = table.backings[key] ?? Backing()
            (backing.id, backing.inode, backing.opens) = (id, inode, 1)
            table.backings[key] = backing
            table.registered += 1
            return (.backed(id), unneeded + table.remember(key))
        }
        giveBack(unneeded)
        return opening
    }

    /// Gives back the ids of all files that nobody has open.
    func forgetUnused() {
        let unneeded = table.withLock { table -> [Int32] in
            let unused = table.backings.filter { $0.value.id > 0 && $0.value.opens == 0 }
            for (key, backing) in unused {
                if backing.cachedOpens == 0 { table.backings[key] = nil } else { table.backings[key]?.id = 0 }
            }
            table.order.removeAll { unused[$0] != nil }
            table.hand = 0
            table.returned += UInt64(unused.count)
            return unused.map(\.value.id)
        }
        giveBack(unneeded)
    }

    /// Opens a node so that its bytes come from the cache; if it is open in passthrough, so is this.
    func openCached(_ key: UInt64) -> Contents.Opening {
        table.withLock { table in
            var backing = table.backings[key] ?? Backing()
            defer { table.backings[key] = backing }
            if backing.opens > 0 {
                backing.opens += 1
                return .backed(backing.id)
            }
            backing.cachedOpens += 1
            return .cached
        }
    }

    func release(_ key: UInt64, wasCached: Bool) {
        table.withLock { table in
            guard var backing = table.backings[key] else { return }
            if wasCached {
                backing.cachedOpens -= min(1, backing.cachedOpens)
            } else {
                backing.opens -= min(1, backing.opens)
            }
            let isIdle = backing.id == 0 && backing.opens == 0 && backing.cachedOpens == 0
            table.backings[key] = isIdle ? nil : backing
        }
    }
}

extension BackingTable.Table {
    /// See ``BackingTable/reopen(_:_:)``; also returns ids that are not needed any more.
    fileprivate mutating func reopen(_ key: UInt64, _ inode: UInt64?) -> (Contents.Opening?, [Int32]) {
        guard var backing = backings[key] else { return (nil, []) }
        defer { backings[key] = backing }
        if backing.cachedOpens > 0 {
            backing.cachedOpens += 1
            return (.cached, [])
        }
        guard backing.id > 0 else { return (nil, []) }
        if let inode, inode != backing.inode {
            // All who have a node open read the same file.
            if backing.opens > 0 { return (.outdated, []) }
            let old = backing.id
            backing.id = 0
            order.removeAll { $0 == key }
            hand = 0
            returned += 1
            return (nil, [old])
        }
        backing.opens += 1
        return (.backed(backing.id), [])
    }

    /// Enters a node that got its id; returns the id of one that had to go for it.
    fileprivate mutating func remember(_ key: UInt64) -> [Int32] {
        guard order.count >= BackingTable.limit else {
            order.append(key)
            return []
        }
        for _ in 0..<order.count {
            hand = (hand + 1) % order.count
            guard let old = backings[order[hand]], old.opens > 0 else { break }
        }
        let victim = order[hand]
        guard let old = backings[victim], old.opens == 0 else {
            // All are open at this moment: the limit gives way.
            order.append(key)
            return []
        }
        order[hand] = key
        backings[victim]?.id = 0
        if old.cachedOpens == 0 { backings[victim] = nil }
        returned += 1
        return old.id > 0 ? [old.id] : []
    }
}
