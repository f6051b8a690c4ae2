package import Signatures

/// Who may say what a collection offers: keys, signatures, serials.
///
/// The keys that sign for a collection, and how many of them have to. Sets are numbered from 1 and lie beside the
/// collection as `keys/1.json`, `keys/2.json` …: envelopes of the type `moss-keys` around
///
///     {"type": "moss-keys", "version": 2, "collection": NAME, "threshold": 2,
///      "keys": [{"public": HEX, "comment": TEXT}, …], "revoked": [KEYID, …],
///      "serialReset": {"keySet": 2, "serial": 1}}
///
/// `comment`, `revoked` and `serialReset` may be missing, members of other names are passed over. `revoked` keys never
/// come back. Version 0 is what a person was told: public keys and a threshold, of no collection in particular.
package struct KeySet: Hashable, Sendable {
    package struct Key: Hashable, Sendable {
        package let publicKey: PublicKey
        package let comment: String?
        package let id: KeyID

        package init(_ publicKey: PublicKey, comment: String? = nil) {
            self.publicKey = publicKey
            self.comment = comment
            id = KeyID(publicKey)
        }
    }

    /// Serials begin anew: what was seen under sets before `keySet` counts no more, and manifests that name this or a
    /// later set have `serial` at least. For a collection whose serials somebody with stolen keys has driven up.
    package struct SerialReset: Hashable, Sendable {
        package let keySet: UInt64
        package let serial: UInt64
    }

    package let version: UInt64
    /// nil in version 0 only.
    package let collection: String?
    package let threshold: Int
    package let keys: [Key]
    /// In order.
    package let revoked: [KeyID]
    /// The last one there was, in this set or one before.
    package let serialReset: SerialReset?

    static let commentByteCountMax = 200

    init(
        version: UInt64, collection: String?, threshold: Int, keys: [Key], revoked: [KeyID] = [],
        serialReset: SerialReset? = nil, _ limits: TrustLimits = .standard
    ) throws(Malformed) {
        self.version = version
        self.collection = collection
        self.threshold = threshold
        self.keys = keys
        self.revoked = revoked.sorted()
        self.serialReset = serialReset
        if let collection, !PlainName.isValid(collection) {
            throw Malformed("a collection's name has \(PlainName.rule)")
        }
        guard (1...limits.keyCountMax).contains(keys.count) else {
            throw Malformed("a set has 1 to \(limits.keyCountMax) keys, and not \(keys.count)")
        }
        guard (1...keys.count).contains(threshold) else {
            throw Malformed("\(threshold) of \(keys.count) keys cannot sign")
        }
        guard revoked.count <= limits.revokedCountMax else { throw Malformed("too many keys are revoked") }
        let ids = Set(keys.map(\.id))
        guard ids.count == keys.count, Set(revoked).count == revoked.count else {
            throw Malformed("a key is in it twice")
        }
        if let both = ids.intersection(revoked).min() { throw Malformed("the key \(both) is in it, and revoked") }
        for comment in keys.compactMap(\.comment) {
            guard comment.utf8.count <= Self.commentByteCountMax, comment.unicodeScalars.allSatisfy({ $0.value >= 32 })
            else { throw Malformed("a comment is longer than \(Self.commentByteCountMax) bytes or has several lines") }
        }
        if let serialReset, !(1...version).contains(serialReset.keySet) || serialReset.serial == 0 {
            throw Malformed("serials cannot begin anew like that")
        }
    }

    /// The set of version 0: keys that the user was told.
    ///
    /// - Parameter name: of the collection as its user calls it, for messages.
    package init(trusting keys: [PublicKey], threshold: Int, for name: String) throws(TrustError) {
        do throws(Malformed) {
            try self.init(version: 0, collection: nil, threshold: threshold, keys: keys.map { Key($0) })
        } catch {
            throw TrustError(
                .invalidRequest, name, error.text, remedy: "give each key once, and no higher threshold than keys")
        }
    }

    /// Where a set lies, relative to the collection.
    package static func path(version: UInt64) -> String { "keys/\(version).json" }

    /// For people.
    package var name: String { version == 0 ? "the given keys" : "key set \(version)" }
}
