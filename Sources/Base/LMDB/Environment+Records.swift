internal import CLMDB

extension Environment {
    /// Calls `body` for every record of every bucket, bucket by bucket in the order of their names, keys ascending: for
    /// comparing whole databases. All buckets must have checksums; a damaged record ends it with an error.
    package func forEachRecord(_ body: (DatabaseFile.Record) -> Void) throws(DatabaseError) {
        let names = try bucketNames()
        try view { (transaction) throws(DatabaseError) in
            for name in names {
                let index = BucketNames.index(of: name)
                var cursor = try CursorHandle(context: transaction.context, bucket: index)
                while try cursor.move(.next) {
                    body(DatabaseFile.Record(bucket: name, key: cursor.key, value: try cursor.value(checksums: true)))
                }
            }
        }
    }
}
