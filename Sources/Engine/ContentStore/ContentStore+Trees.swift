internal import Failures
package import FileTree
package import LMDB
package import PackageModel

/// Trees: directories by their hash, shared by all states that have them.
extension ContentStore {
    /// Stores the directories that are not there yet.
    package func save(_ tree: ComposedTree, in transaction: inout WriteTransaction) throws(StoreError) {
        do throws(DatabaseError) {
            try tree.bytes.span.bytes.withUnsafeBytes { (bytes) throws(DatabaseError) in
                for (id, range) in tree.directories.sorted(by: { $0.id < $1.id }) {
                    let encoding = UnsafeRawBufferPointer(rebasing: bytes[range])
                    try transaction.put(bytes: encoding, in: StoreBuckets.trees, for: id, .keepingExisting)
                }
            }
        } catch {
            throw .database(error)
        }
    }

    /// Runs `body` with a look-up of trees in one read transaction; `body` throws tree and store errors only.
    package func readingTrees<R>(_ body: (TreeLookup) throws -> R) throws(StoreError) -> R {
        do {
            return try environment.view { transaction throws in
                try body { (id) throws(TreeError) in try ContentStore.directory(id, in: transaction) }
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
            if let span = try transaction.span(in: StoreBuckets.trees, for: id) { found = span.withUnsafeBytes { $0 } }
        } catch {
            throw error.saysNothing ? .unreadable(id, "\(error)") : .damaged(id)
        }
        guard let found else { throw .missing(id) }
        try transaction.context.charge(found)
        if transaction.context.isUntrusted { try StrangeRecords.check(directory: found, id) }
        return found
    }
}

extension TransactionContext {
    /// Counts what is read of trees and layouts that somebody else wrote, and refuses to go on for ever.
    func charge(_ bytes: UnsafeRawBufferPointer) throws(TreeError) {
        guard isUntrusted else { return }
        untrustedBytes += bytes.count
        guard untrustedBytes <= StrangeRecords.byteLimit else { throw .tooLarge }
    }
}
