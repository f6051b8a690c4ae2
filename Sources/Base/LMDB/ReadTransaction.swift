/// A consistent snapshot of all buckets; exists only inside `Environment.view` and has no way to write.
package struct ReadTransaction: ~Copyable, ReadableTransaction {
    package let context: TransactionContext

    init(_ context: TransactionContext) {
        self.context = context
    }
}
