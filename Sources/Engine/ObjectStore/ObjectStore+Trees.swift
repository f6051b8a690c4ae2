internal import Failures
package import FileTree
package import PackageModel
package import Storage

/// Trees: directories by their hash, shared by all states that have them.
extension ObjectStore {
    /// Stores the directories that are not there yet.
    package func save(_ tree: ComposedTree, in transaction: inout WriteTransaction) throws(StoreError) {
        do throws(DatabaseError) {
            try tree.bytes.span.bytes.withUnsafeBytes { (bytes) throws(DatabaseError) in
                for (id, range) in tree.directories.sorted(by: { $0.id < $1.id }) {
                    let encoding = UnsafeRawBufferPointer(rebasing: bytes[range])
                    try transaction.put(bytes: encoding, in: ObjectBuckets.trees, for: id, .keepingExisting)
                }
            }
        } catch {
            throw .database(error)
        }
    }

    /// Runs `body` with a look-up of trees in one read transaction; `body` throws tree and store errors only.
    package func readingTrees<R>(_ body: (TreeLookup) throws -> R) throws(StoreError) -> R {
        do {
            return try database.view { transaction throws in
                try body { (id) throws(TreeError) in try ObjectStore.directory(id, in: transaction) }
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// The encoding of a directory, valid until the transaction ends.
    package static func directory(
        _ id: TreeID, in transaction: borrowing some ReadableTransaction & ~Copyable
    ) throws(TreeError) -> UnsafeRawBufferPointer {
        var found: UnsafeRawBufferPointer?
        do throws(DatabaseError) {
            // The pointer is good for as long as the transaction, as the doc comment passes on.
            if let span = try transaction.span(in: ObjectBuckets.trees, for: id) { found = span.withUnsafeBytes { $0 } }
        } catch {
            throw error.saysNothing ? .unreadable(id, "\(error)") : .damaged(id)
        }
        guard let found else { throw .missing(id) }
        try transaction.context.charge(found)
        if transaction.context.isUntrusted { try StrangeRecords.check(directory: found, id) }
        return found
    }

    /// Stores the directories that `root` leads to in `tree`, but for those that `known` names, and names them there.
    package func save(
        _ tree: ComposedTree, root: TreeID, known: inout Set<TreeID>, in transaction: inout WriteTransaction
    ) throws(StoreError) {
        let ranges = Dictionary(tree.directories.map { ($0.id, $0.range) }, uniquingKeysWith: { first, _ in first })
        do {
            try tree.bytes.withUnsafeBytes { bytes in
                var pending = [root]
                while let id = pending.popLast() {
                    guard let range = ranges[id], known.insert(id).inserted else { continue }
                    let encoding = UnsafeRawBufferPointer(rebasing: bytes[range])
                    try transaction.put(bytes: encoding, in: ObjectBuckets.trees, for: id)
                    var cursor = try Directory(encoding, id: id).cursor
                    while let record = try cursor.next() {
                        if record.isDirectory { pending.append(record.tree) }
                    }
                }
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Stores a directory whose bytes come from another database, if they are that directory.
    package func save(_ bytes: [UInt8], as id: TreeID, in transaction: inout WriteTransaction) throws(StoreError) {
        guard TreeID(hashing: bytes) == id else { throw .tree(.damaged(id)) }
        do throws(DatabaseError) {
            try transaction.put(bytes, in: ObjectBuckets.trees, for: id)
        } catch {
            throw .database(error)
        }
    }
}

extension TransactionContext {
    /// Counts what is read of trees and layouts that somebody else wrote, and refuses to go on for ever.
    package func charge(_ bytes: UnsafeRawBufferPointer) throws(TreeError) {
        guard isUntrusted else { return }
        untrustedBytes += bytes.count
        guard untrustedBytes <= StrangeRecords.byteLimit else { throw .tooLarge }
    }
}
