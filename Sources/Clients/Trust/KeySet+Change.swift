/// What the next set is to have that this one has not.
package struct KeySetChange: Hashable, Sendable {
    package var added: [KeySet.Key] = []
    /// Keys that sign no longer and did no harm.
    package var removed: [KeyID] = []
    /// Keys that were stolen or lost: they never come back.
    package var revoked: [KeyID] = []
    /// nil leaves it as it is.
    package var threshold: Int?
    /// Serials begin anew with this one.
    package var serialReset: UInt64?

    package init() {}
}

extension KeySet {
    /// The next set, not signed yet.
    ///
    /// - Parameter name: the file or collection, for messages.
    package func changed(by change: KeySetChange, for name: String) throws(TrustError) -> KeySet {
        let refuse = { (cause: String) in
            TrustError(.invalidRequest, name, cause, remedy: "see which keys \(self.name) has; nothing was changed")
        }
        for id in change.removed + change.revoked where !keys.contains(where: { $0.id == id }) {
            // A key that was removed before may turn out to be stolen.
            guard change.revoked.contains(id), !revoked.contains(id) else {
                throw TrustError(
                    .notFound, name, "\(self.name) has no key \(id)",
                    remedy: "see which keys it has; nothing was changed")
            }
        }
        let gone = Set(change.removed + change.revoked)
        do throws(Malformed) {
            let next = try KeySet(
                version: version + 1, collection: collection, threshold: change.threshold ?? threshold,
                keys: keys.filter { !gone.contains($0.id) } + change.added, revoked: revoked + change.revoked,
                serialReset: change.serialReset.map { SerialReset(keySet: version + 1, serial: $0) } ?? serialReset)
            guard next.differs(from: self) else { throw Malformed("it would be the same set again") }
            return next
        } catch {
            throw refuse(error.text)
        }
    }

    private func differs(from other: KeySet) -> Bool {
        (collection, threshold, serialReset) != (other.collection, other.threshold, other.serialReset)
            || keys != other.keys || revoked != other.revoked
    }

    /// The first set of a collection, not signed yet.
    package static func first(
        collection: String, keys: [Key], threshold: Int, for name: String
    ) throws(TrustError) -> KeySet {
        do throws(Malformed) {
            return try KeySet(version: 1, collection: collection, threshold: threshold, keys: keys)
        } catch {
            throw TrustError(.invalidRequest, name, error.text, remedy: "nothing was changed")
        }
    }
}
