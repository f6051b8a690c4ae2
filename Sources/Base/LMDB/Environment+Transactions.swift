internal import CLMDB

extension Environment {
    /// Runs `body` with a consistent snapshot of all buckets.
    ///
    /// A view inside a view of the same thread shows the same snapshot; a view inside an update shows what was
    /// committed before it. Keep views short: pages the snapshot needs are not reused while it lives, and a view must
    /// not wait for another thread that uses the environment. Where `readsWithoutLock`, `body` may run several times.
    package func view<R: ~Copyable>(
        _ body: (borrowing ReadTransaction) throws(DatabaseError) -> R
    ) throws(DatabaseError) -> R {
        try view(rethrowing: { $0 }, body)
    }

    /// Runs `body` with a consistent snapshot of all buckets; for bodies that throw errors of their own.
    @_disfavoredOverload
    package func view<R: ~Copyable>(_ body: (borrowing ReadTransaction) throws -> R) throws -> R {
        try view(rethrowing: { $0 as any Error }, body)
    }

    /// Runs `body` with a transaction that changes all buckets as one: committed and on disk when this returns, undone
    /// when `body` throws.
    ///
    /// Waits for other writers, of this process and of others. `body` may run more than once: a map that proves too
    /// small is grown and everything is done anew. So it must change nothing but the transaction and values it builds
    /// from scratch. An update inside an update or a view of the same thread stops the program.
    @discardableResult
    package func update<R: ~Copyable>(
        _ body: (inout WriteTransaction) throws(DatabaseError) -> R
    ) throws(DatabaseError) -> R {
        try update(rethrowing: { $0 }, body)
    }

    /// Runs `body` with a transaction that changes all buckets as one; for bodies that throw errors of their own.
    @_disfavoredOverload @discardableResult
    package func update<R: ~Copyable>(_ body: (inout WriteTransaction) throws -> R) throws -> R {
        try update(rethrowing: { $0 as any Error }, body)
    }

    /// How often an unlocked view starts over before it gives up.
    private static let unlockedAttempts = 20

    private func view<R: ~Copyable, E: Error>(
        rethrowing convert: (DatabaseError) -> E, _ body: (borrowing ReadTransaction) throws(E) -> R
    ) throws(E) -> R {
        var attempts = 0
        while true {
            let context: TransactionContext
            do throws(DatabaseError) { context = try beginReading() } catch { throw convert(error) }
            attempts += 1
            do throws(E) {
                do throws(DatabaseError) { try applyRule(to: context) } catch { throw convert(error) }
                let result = try body(ReadTransaction(context))
                if endReading(context) { return result }
            } catch {
                if endReading(context) { throw error }
            }
            if attempts == Self.unlockedAttempts { throw convert(DatabaseError(.busy, directory: directory)) }
        }
    }

    func update<R: ~Copyable, E: Error>(
        rethrowing convert: (DatabaseError) -> E, ofFormer: Bool = false,
        _ body: (inout WriteTransaction) throws(E) -> R
    ) throws(E) -> R {
        guard !options.readOnly else { throw convert(DatabaseError(.readOnly, directory: directory)) }
        gate.becomeWriter()
        defer { gate.resignWriter() }
        while true {
            let context: TransactionContext
            do throws(DatabaseError) { context = try beginWriting(ofFormer: ofFormer) } catch { throw convert(error) }
            var failure: E?
            do throws(E) {
                var transaction = WriteTransaction(context)
                let result = try body(&transaction)
                if !context.isMapFull {
                    let problem = commit(context)
                    guard let problem else { return result }
                    if !context.isMapFull { failure = convert(problem) }
                }
            } catch {
                failure = error
            }
            rollBack(context)
            if context.isMapFull {
                do throws(DatabaseError) { try growMap() } catch { throw convert(error) }
            } else if let failure {
                throw failure
            }
        }
    }
}
