internal import CLMDB
internal import LinuxSystem

/// How an environment tells the format of its records, and how it reads those of the format before.
///
/// Which format the records have is for the environment itself to say, in a record that a change of all of them puts
/// beside them: see ``Environment/takeOver()``. Until then they are translated whenever they are read.
package struct FormatRule: Sendable {
    /// Whether the records are of the format before; asked of environments that have any.
    let isFormer: @Sendable (borrowing ReadTransaction) throws(DatabaseError) -> Bool
    /// Puts what tells today's format.
    let mark: @Sendable (inout WriteTransaction) throws(DatabaseError) -> Void
    /// The value of a record of the format before as today's; nil where that is the same.
    let translate: @Sendable (_ bucket: [UInt8], UnsafeRawBufferPointer) throws(DecodingFailure) -> [UInt8]?

    package init(
        isFormer: @escaping @Sendable (borrowing ReadTransaction) throws(DatabaseError) -> Bool,
        mark: @escaping @Sendable (inout WriteTransaction) throws(DatabaseError) -> Void,
        translate: @escaping @Sendable (_ bucket: [UInt8], UnsafeRawBufferPointer) throws(DecodingFailure) -> [UInt8]?
    ) {
        self.isFormer = isFormer
        self.mark = mark
        self.translate = translate
    }
}

extension Environment {
    /// Whether the records are of the format before.
    package var isOfFormerFormat: Bool {
        get throws(DatabaseError) {
            try view { (transaction) throws(DatabaseError) in transaction.context.rule != nil }
        }
    }

    /// Translates all records of the format before, in one update.
    ///
    /// Damaged records stay what they are; one that cannot be translated is left with a version that nothing has.
    /// - Returns: whether there was anything to do.
    package func takeOver() throws(DatabaseError) -> Bool {
        guard let rule = options.format, try isOfFormerFormat else { return false }
        return try update(rethrowing: { $0 }, ofFormer: true) { (transaction) throws(DatabaseError) in
            let context = transaction.context
            // Another process may have done it meanwhile.
            guard context.rule != nil else { return false }
            context.rule = nil
            for name in try bucketNames(in: context.transaction) {
                try context.translate(BucketNames.index(of: name), name, rule)
            }
            try rule.mark(&transaction)
            return true
        }
    }

    /// Has a transaction that begins translate the records where they are of the format before.
    func applyRule(to context: TransactionContext) throws(DatabaseError) {
        // A view inside a view shows the same snapshot.
        if context.depth > 1 { return }
        context.rule = nil
        // Formats only ever go on.
        guard let rule = options.format, context.handles.count > 0, !isCurrent.withLock({ $0 }) else { return }
        if try rule.isFormer(ReadTransaction(context)) {
            context.rule = rule
        } else {
            isCurrent.withLock { $0 = true }
        }
    }
}

extension TransactionContext {
    /// The value in today's format, valid until the transaction ends.
    func translated(
        _ value: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer, bucket: Int, _ rule: FormatRule
    ) throws(DatabaseError) -> UnsafeRawBufferPointer {
        let bytes: [UInt8]?
        do throws(DecodingFailure) {
            bytes = try rule.translate(BucketNames.name(of: bucket), value)
        } catch {
            throw undecodable(bucket: bucket, key: key, error)
        }
        guard let bytes else { return value }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        copy.copyBytes(from: bytes)
        translations.append(copy)
        return UnsafeRawBufferPointer(copy)
    }

    func dropTranslations() {
        for copy in translations { copy.deallocate() }
        translations = []
    }

    /// Gives all records of a bucket the values that the rule makes of them.
    fileprivate func translate(_ bucket: Int, _ name: [UInt8], _ rule: FormatRule) throws(DatabaseError) {
        var records: [(key: [UInt8], value: [UInt8], isSound: Bool)] = []
        var isChanged = false
        do {
            var cursor = try CursorHandle(context: self, bucket: bucket)
            while try cursor.move(.next) {
                let stored = UnsafeRawBufferPointer(start: cursor.record.mv_data, count: cursor.record.mv_size)
                guard let value = try? cursor.value(checksums: true) else {
                    records.append((Array(cursor.key), Array(stored), false))
                    continue
                }
                do throws(DecodingFailure) {
                    let translated = try rule.translate(name, value)
                    isChanged = isChanged || translated != nil
                    records.append((Array(cursor.key), translated ?? Array(value), true))
                } catch {
                    isChanged = true
                    records.append((Array(cursor.key), [0] + value, true))
                }
            }
        }
        guard isChanged else { return }
        // In one go, so that no page is left half empty.
        try clear(bucket: bucket)
        for record in records {
            _ = try record.key.span.bytes.withUnsafeBytes { (key) throws(DatabaseError) in
                try record.value.span.bytes.withUnsafeBytes { (value) throws(DatabaseError) in
                    // A wrong checksum is written as it was.
                    try put(bucket: bucket, checksums: record.isSound, key: key, value: value, mode: .appending)
                }
            }
        }
    }
}
