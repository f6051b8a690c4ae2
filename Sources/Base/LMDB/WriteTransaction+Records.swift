extension WriteTransaction {
    /// Stores a record of a bucket that is known by its name only, as it was read from another database.
    package mutating func put(bucket: [UInt8], key: [UInt8], value: [UInt8]) throws(DatabaseError) {
        guard (1...511).contains(bucket.count), !bucket.contains(0) else {
            throw DatabaseError(.invalidKey, directory: context.directory, detail: "a bucket without a proper name")
        }
        let index = BucketNames.index(of: bucket)
        _ = try key.span.bytes.withUnsafeBytes { (key) throws(DatabaseError) in
            try value.span.bytes.withUnsafeBytes { (value) throws(DatabaseError) in
                try context.put(bucket: index, checksums: true, key: key, value: value, mode: .replacing)
            }
        }
    }
}
